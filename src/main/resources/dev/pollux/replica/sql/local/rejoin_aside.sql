-- Until the remote has said whose they are, the tasks that it may know are out of the reach of this file's workers.
UPDATE Jobs
SET status = 'Queued', lock_by = 'pollux-remote', lock_at = unixepoch(), lease = NULL
WHERE id IN (SELECT task FROM PolluxSynced) AND status NOT IN ('Done', 'Killed')
