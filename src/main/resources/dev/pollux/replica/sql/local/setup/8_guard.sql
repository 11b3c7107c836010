-- No worker of this file gets a task that is elsewhere, or that the remote may have given away because we were silent: the worker that
-- stands for the remote takes it instead, so that it does not stand in the way of those behind it. A running task is updated when its
-- handler is about to begin, having waited.
CREATE TRIGGER IF NOT EXISTS PolluxGuard BEFORE UPDATE OF status ON Jobs
WHEN NEW.status IN ('Queued', 'Running')
  AND OLD.status NOT IN ('Done', 'Killed')
  AND (SELECT applying FROM PolluxReplica) = 0
  AND EXISTS (SELECT 1
              FROM PolluxSynced, PolluxReplica
              WHERE task = NEW.id AND (held <> 1 OR hold_until <= unixepoch()))
BEGIN
  UPDATE PolluxReplica SET applying = 1, aside = 1;
  UPDATE Jobs
  SET status = 'Queued', lock_by = 'pollux-remote', lock_at = unixepoch(), lease = NULL
  WHERE id = NEW.id AND lock_by IS NOT 'pollux-remote';
  UPDATE PolluxReplica SET applying = 0;
  SELECT RAISE(IGNORE);
END
