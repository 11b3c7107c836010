-- Forgets that we had it, unless an outcome of ours is still to be sent, to be refused then.
DELETE FROM PolluxSynced
WHERE task IN (SELECT value ->> 'id'
               FROM json_each(:rows)
               WHERE value ->> 'status' NOT IN ('Done', 'Killed') AND NOT value ->> 'held' AND NOT value ->> 'followed')
  AND NOT EXISTS (SELECT 1 FROM Jobs WHERE Jobs.id = PolluxSynced.task)
