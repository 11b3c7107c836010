-- Adds the tasks that we took from the pool and do not know yet.
INSERT INTO Jobs (job, id, job_type, status, attempts, max_attempts, run_at, last_error, done_at, priority, metadata)
SELECT coalesce(CAST(row.value ->> 'text' AS BLOB), unhex(row.value ->> 'hex')),
       row.value ->> 'id',
       row.value ->> 'queue',
       'Pending',
       row.value ->> 'attempts',
       row.value ->> 'max_attempts',
       row.value ->> 'run_at',
       row.value ->> 'last_error',
       row.value ->> 'done_at',
       row.value ->> 'priority',
       row.value ->> 'metadata'
FROM json_each(:rows) AS row
WHERE row.value ->> 'held'
  AND coalesce(row.value ->> 'text', row.value ->> 'hex') IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM PolluxSynced WHERE task = row.value ->> 'id')
ON CONFLICT (id) DO NOTHING
