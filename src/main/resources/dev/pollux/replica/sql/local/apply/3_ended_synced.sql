-- What has ended there needs no sync any more, unless an outcome of ours is still to be sent.
DELETE FROM PolluxSynced
WHERE task IN (SELECT value ->> 'id' FROM json_each(:rows) WHERE value ->> 'status' IN ('Done', 'Killed'))
  AND NOT EXISTS (SELECT 1 FROM Jobs WHERE Jobs.id = PolluxSynced.task AND Jobs.status IN ('Done', 'Killed'))
