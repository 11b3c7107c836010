-- Before the remote is told of tasks, they are noted as ones that it may know of: should its answer be lost, they are not ours
-- for ever without question.
INSERT INTO PolluxSynced (task, lease, held, known, followed)
SELECT Jobs.id, 0, 1, 0, 1
FROM PolluxChanges JOIN Jobs ON Jobs.id = PolluxChanges.task
WHERE PolluxChanges.seq <= :last AND Jobs.status NOT IN ('Done', 'Killed')
ON CONFLICT (task) DO NOTHING
