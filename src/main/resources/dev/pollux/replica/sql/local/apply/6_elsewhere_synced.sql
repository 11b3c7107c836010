-- Notes that they are elsewhere.
INSERT INTO PolluxSynced (task, lease, held, known, followed)
SELECT Jobs.id, 0, 0, 1, 1
FROM json_each(:rows) AS row JOIN Jobs ON Jobs.id = row.value ->> 'id'
WHERE row.value ->> 'status' NOT IN ('Done', 'Killed')
  AND NOT row.value ->> 'held'
  AND row.value ->> 'followed'
  AND Jobs.lock_by = 'pollux-remote'
  AND Jobs.status = 'Queued'
ON CONFLICT (task) DO UPDATE SET held = 0, known = 1, followed = 1
