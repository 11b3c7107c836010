-- What the remote is to hear of a task: that it ended, that a try was counted, that it is to run again or otherwise. Not that a
-- local worker took it.
CREATE TRIGGER IF NOT EXISTS PolluxOnUpdate
AFTER UPDATE OF status, attempts, max_attempts, run_at, priority, metadata ON Jobs
WHEN (NEW.status <> OLD.status
        AND (NEW.status IN ('Done', 'Killed') OR OLD.status IN ('Done', 'Killed') OR OLD.lock_by = 'pollux-remote')
      OR NEW.attempts <> OLD.attempts
      OR NEW.run_at <> OLD.run_at
      OR NEW.max_attempts <> OLD.max_attempts
      OR NEW.priority <> OLD.priority
      OR NEW.metadata IS NOT OLD.metadata)
  AND (SELECT applying FROM PolluxReplica) = 0
BEGIN
  INSERT INTO PolluxChanges (task, retried, deleted)
  VALUES (NEW.id, OLD.status IN ('Done', 'Killed') AND NEW.status NOT IN ('Done', 'Killed'), 0);
END
