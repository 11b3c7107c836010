-- Notes the holds that we have, by their leases. An outcome that waits to be sent keeps the lease that it was reached under, unless
-- the remote heard of the task for the first time.
INSERT INTO PolluxSynced (task, lease, held, known, followed)
SELECT Jobs.id, row.value ->> 'lease', 1, 1, row.value ->> 'followed'
FROM json_each(:rows) AS row JOIN Jobs ON Jobs.id = row.value ->> 'id'
WHERE row.value ->> 'held'
  AND (Jobs.status NOT IN ('Done', 'Killed') OR EXISTS (SELECT 1 FROM PolluxSynced WHERE task = Jobs.id AND known = 0))
ON CONFLICT (task) DO UPDATE SET lease = excluded.lease, held = 1, known = 1, followed = excluded.followed
