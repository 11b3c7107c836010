-- Adds tasks of any kind. :tasks is an object: the id of each, and [max attempts, run_at or null, delay in ms, priority,
-- metadata, payload as text or null, payload as hex or null]. An id that is there already adds nothing and returns no row.
INSERT INTO Jobs (job, id, job_type, status, attempts, max_attempts, run_at, priority, metadata)
SELECT coalesce(CAST(value ->> 5 AS BLOB), unhex(value ->> 6)),
       key,
       :queue,
       'Pending',
       0,
       value ->> 0,
       coalesce(value ->> 1,
                (CAST(unixepoch('subsec') * 1000 AS INTEGER) + (value ->> 2) + 999 * ((value ->> 2) > 0)) / 1000),
       value ->> 3,
       value -> 4
FROM json_each(:tasks)
WHERE true
ON CONFLICT (id) DO NOTHING
RETURNING id
