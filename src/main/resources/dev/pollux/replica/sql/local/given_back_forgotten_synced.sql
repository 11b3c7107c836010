-- So we forget that we had them.
DELETE FROM PolluxSynced
WHERE task IN (SELECT value FROM json_each(:tasks))
  AND NOT EXISTS (SELECT 1 FROM Jobs WHERE Jobs.id = PolluxSynced.task)
