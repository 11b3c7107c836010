-- Ends what write.sql began.
UPDATE PolluxRemote SET writer = NULL
