-- The outcome of a task that the remote knows is kept until it is sent: the remote would wait for it for ever.
CREATE TRIGGER IF NOT EXISTS PolluxKeep BEFORE DELETE ON Jobs
WHEN OLD.status IN ('Done', 'Killed')
  AND (SELECT applying FROM PolluxReplica) = 0
  AND EXISTS (SELECT 1 FROM PolluxSynced WHERE task = OLD.id)
BEGIN
  SELECT RAISE(IGNORE);
END
