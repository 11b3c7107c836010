-- Takes the tasks that are noted as held = :held, and that do not run, out of the reach of this file's workers: the worker that
-- stands for the remote holds them.
UPDATE Jobs
SET status = 'Queued', lock_by = 'pollux-remote', lock_at = unixepoch(), lease = NULL
WHERE id IN (SELECT task FROM PolluxSynced WHERE held <> 0 AND held = :held)
  AND status IN ('Pending', 'Failed', 'Queued')
  AND lock_by IS NOT 'pollux-remote'
