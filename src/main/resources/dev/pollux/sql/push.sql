-- Adds tasks. Each element of :tasks is [id, queue, max attempts, run_at or null, delay in ms, priority, metadata,
-- payload as text or null, payload as hex or null]. An id that is there already adds nothing and returns no row.
INSERT INTO Jobs (job, id, job_type, status, attempts, max_attempts, run_at, priority, metadata)
SELECT coalesce(CAST(value ->> 7 AS BLOB), unhex(value ->> 8)),
       value ->> 0,
       value ->> 1,
       'Pending',
       0,
       value ->> 2,
       coalesce(value ->> 3,
                (CAST(unixepoch('subsec') * 1000 AS INTEGER) + (value ->> 4) + 999 * ((value ->> 4) > 0)) / 1000),
       value ->> 5,
       value -> 6
FROM json_each(:tasks)
WHERE true
ON CONFLICT (id) DO NOTHING
RETURNING id
