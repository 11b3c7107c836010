-- So they are to be sent.
INSERT INTO PolluxChanges (task, retried, deleted)
SELECT task, 0, 0 FROM PolluxSynced
