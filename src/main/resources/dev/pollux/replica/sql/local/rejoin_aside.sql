-- Until the remote has said whose they are, the tasks that it may know and that do not run are out of the reach of this file's
-- workers.
UPDATE Jobs
SET status = 'Queued', lock_by = 'pollux-remote', lock_at = unixepoch(), lease = NULL
WHERE id IN (SELECT task FROM PolluxSynced) AND status IN ('Pending', 'Failed', 'Queued')
