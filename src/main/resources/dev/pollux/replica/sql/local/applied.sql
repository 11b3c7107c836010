-- Ends what applying.sql began.
UPDATE PolluxReplica SET applying = 0
