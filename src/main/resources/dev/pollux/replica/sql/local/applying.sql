-- From here to the end of the transaction, nothing is noted as a change of ours.
UPDATE PolluxReplica SET applying = 1
