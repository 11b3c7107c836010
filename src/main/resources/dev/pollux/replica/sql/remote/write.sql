-- From here to the end of the transaction, this replica writes, if it is in the talk that goes on.
UPDATE PolluxRemote
SET writer = (SELECT id FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce)
