-- An outcome that was refused does not wait to be sent any more.
DELETE FROM PolluxSynced
WHERE task IN (SELECT value FROM json_each(:refused))
  AND EXISTS (SELECT 1 FROM Jobs WHERE Jobs.id = PolluxSynced.task AND Jobs.status IN ('Done', 'Killed'))
