-- A task of others that is not ours to run any more is none of our business.
DELETE FROM Jobs
WHERE id IN (SELECT value ->> 'id'
             FROM json_each(:rows)
             WHERE value ->> 'status' NOT IN ('Done', 'Killed') AND NOT value ->> 'held' AND NOT value ->> 'followed')
  AND NOT (status IN ('Done', 'Killed') AND EXISTS (SELECT 1 FROM PolluxSynced WHERE task = Jobs.id))
