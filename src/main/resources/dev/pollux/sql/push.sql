-- Adds tasks that are due now and have no priority and no metadata. :tasks is an object: the id of each, and its payload
-- as text. An id that is there already adds nothing and returns no row.
INSERT INTO Jobs (job, id, job_type, status, attempts, max_attempts, run_at, priority, metadata)
SELECT CAST(value AS BLOB), key, :queue, 'Pending', 0, :max_attempts, unixepoch(), 0, '{}'
FROM json_each(:tasks)
WHERE true
ON CONFLICT (id) DO NOTHING
RETURNING id
