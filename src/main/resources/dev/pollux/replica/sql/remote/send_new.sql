-- :rows is an array of tasks as the replica has them: id, status (null if it has none any more), queue, attempts, max_attempts, run_at,
-- last_error, done_at, priority, metadata, lease (that of the replica's hold), held (1 if it says it holds the task), retried (1 if
-- it has ended once and is to run again), and the payload as text or hex where this database may not have it. :payload is that of a
-- task which is alone, otherwise null.
-- Adds those that are not there: the unfinished ones are held by the replica.
INSERT INTO Jobs (job, id, job_type, status, attempts, max_attempts, run_at, last_error, lock_at, lock_by, done_at, priority,
  metadata, lease, origin)
SELECT coalesce(:payload, CAST(value ->> 'text' AS BLOB), unhex(value ->> 'hex')),
       value ->> 'id',
       value ->> 'queue',
       CASE WHEN value ->> 'status' IN ('Done', 'Killed') THEN value ->> 'status' ELSE 'Queued' END,
       value ->> 'attempts',
       value ->> 'max_attempts',
       value ->> 'run_at',
       value ->> 'last_error',
       unixepoch(),
       :prefix || (value ->> 'queue'),
       value ->> 'done_at',
       value ->> 'priority',
       value ->> 'metadata',
       0,
       CASE WHEN value ->> 'followed' THEN :replica END
FROM json_each(:rows)
WHERE coalesce(:payload, value ->> 'text', value ->> 'hex') IS NOT NULL
  AND (SELECT writer FROM PolluxRemote) = :replica
-- Of a remote that was made anew, whoever held the task may have come before the replica that created it.
ON CONFLICT (id) DO UPDATE SET origin = excluded.origin WHERE origin IS NULL AND excluded.origin IS NOT NULL
