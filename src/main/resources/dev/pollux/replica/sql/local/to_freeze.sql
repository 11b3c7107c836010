-- 1 if aside.sql, of what is ours to run, or no_holds.sql would change anything, otherwise 0: a file is not written to for nothing.
SELECT EXISTS (SELECT 1 FROM PolluxReplica WHERE hold_until <> 0)
    OR EXISTS (SELECT 1
               FROM PolluxSynced JOIN Jobs ON Jobs.id = PolluxSynced.task
               WHERE held <> 0
                 AND held = 1
                 AND Jobs.status IN ('Pending', 'Failed', 'Queued')
                 AND Jobs.lock_by IS NOT 'pollux-remote')
