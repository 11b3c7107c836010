-- Nobody starts what the remote may have given to others: what we hold of it and is not being run is out of reach until the next
-- sync.
UPDATE Jobs
SET status = 'Queued', lock_by = 'pollux-remote', lock_at = unixepoch(), lease = NULL
WHERE id IN (SELECT task FROM PolluxSynced WHERE held = 1)
  AND status IN ('Pending', 'Failed', 'Queued')
  AND lock_by IS NOT 'pollux-remote'
