-- A worker for each of :queues, an array: the replica's own workers poll them.
INSERT INTO Workers (id, worker_type, storage_name, layers, last_seen)
SELECT :prefix || value, value, 'PolluxReplica', 'demand', unixepoch()
FROM json_each(:queues)
WHERE EXISTS (SELECT 1 FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce)
ON CONFLICT (id) DO UPDATE SET last_seen = unixepoch(), layers = 'demand'
