-- Adds the tasks of one batch, all or none: an id that is there already fails the statement. :tasks is that of push.sql.
INSERT INTO Jobs (job, id, job_type, status, attempts, max_attempts, run_at, priority, metadata)
SELECT CAST(value AS BLOB), key, :queue, 'Pending', 0, :max_attempts, unixepoch(), 0, '{}'
FROM json_each(:tasks)
