-- A task that is deleted before it ended is deleted everywhere; when to delete finished ones is each side's own affair.
CREATE TRIGGER IF NOT EXISTS PolluxOnDelete AFTER DELETE ON Jobs
WHEN OLD.status NOT IN ('Done', 'Killed') AND (SELECT applying FROM PolluxReplica) = 0
BEGIN
  INSERT INTO PolluxChanges (task, retried, deleted) VALUES (OLD.id, 0, 1);
END
