-- So they are to be sent.
INSERT INTO PolluxChanges (task, retried)
SELECT task, 0 FROM PolluxSynced
