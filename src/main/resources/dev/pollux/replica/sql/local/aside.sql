-- Takes them out of the reach of this file's workers.
UPDATE Jobs
SET status = 'Queued', lock_by = 'pollux-remote', lock_at = unixepoch(), lease = NULL
WHERE id IN (SELECT task FROM PolluxSynced WHERE held = 2) AND status IN ('Pending', 'Failed')
