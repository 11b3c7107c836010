-- Adds the tasks of one batch, all or none: if one of the ids is there already, it adds nothing and returns no row.
-- The elements of :tasks are those of push.sql.
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
WHERE NOT EXISTS (SELECT 1 FROM json_each(:tasks) AS task JOIN Jobs ON Jobs.id = task.value ->> 0)
RETURNING id
