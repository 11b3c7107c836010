-- No worker of this file gets a task that is elsewhere, or that the remote may have given away because we were silent.
CREATE TRIGGER IF NOT EXISTS PolluxGuard BEFORE UPDATE OF status ON Jobs
WHEN NEW.status IN ('Queued', 'Running')
  AND OLD.status IN ('Pending', 'Failed', 'Queued')
  AND (SELECT applying FROM PolluxReplica) = 0
  AND EXISTS (SELECT 1
              FROM PolluxSynced, PolluxReplica
              WHERE task = NEW.id AND (held <> 1 OR hold_until <= unixepoch()))
BEGIN
  SELECT RAISE(IGNORE);
END
