-- What we still hold may run again, unless the time that we know we hold it for is over by now.
UPDATE Jobs
SET status = 'Pending', lock_by = NULL, lock_at = NULL
WHERE id IN (SELECT task FROM PolluxSynced WHERE held <> 0 AND held = 1)
  AND status = 'Queued'
  AND lock_by = 'pollux-remote'
  AND (SELECT hold_until FROM PolluxReplica) > unixepoch()
