-- The replica's workers that hold what is sent.
INSERT INTO Workers (id, worker_type, storage_name, layers, last_seen)
SELECT DISTINCT :prefix || (value ->> 'queue'), value ->> 'queue', 'PolluxReplica', '', unixepoch()
FROM json_each(:rows)
WHERE value ->> 'queue' IS NOT NULL AND (SELECT writer FROM PolluxRemote) = :replica
ON CONFLICT (id) DO UPDATE SET last_seen = unixepoch()
