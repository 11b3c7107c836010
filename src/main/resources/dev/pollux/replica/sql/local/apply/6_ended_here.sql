-- A task of others that was ended here, which they have not heard of yet, has the tries that were counted there.
UPDATE Jobs
SET attempts = row.value ->> 'attempts'
FROM json_each(:rows) AS row
WHERE Jobs.id = row.value ->> 'id'
  AND row.value ->> 'status' NOT IN ('Done', 'Killed')
  AND NOT row.value ->> 'held'
  AND Jobs.status IN ('Done', 'Killed')
  AND EXISTS (SELECT 1 FROM PolluxSynced WHERE task = Jobs.id AND held = 0)
