-- No worker of this file gets a task that is elsewhere, or that the remote may have given away because we were silent: the worker that
-- stands for the remote takes it instead, so that it does not stand in the way of those behind it.
CREATE TRIGGER IF NOT EXISTS PolluxGuard BEFORE UPDATE OF status ON Jobs
WHEN NEW.status IN ('Queued', 'Running')
  AND OLD.status IN ('Pending', 'Failed', 'Queued')
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
