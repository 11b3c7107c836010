-- Whoever adds a task to this file, it is to be sent.
CREATE TRIGGER IF NOT EXISTS PolluxOnInsert AFTER INSERT ON Jobs
WHEN (SELECT applying FROM PolluxReplica) = 0
BEGIN
  INSERT INTO PolluxChanges (task, retried, deleted) VALUES (NEW.id, 0, 0);
END
