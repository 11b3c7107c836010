-- The tasks that were in the file before it became a replica.
INSERT INTO PolluxChanges (task, retried, deleted)
SELECT Jobs.id, 0, 0
FROM Jobs, PolluxReplica
WHERE PolluxReplica.id = :id
ORDER BY Jobs.rowid
