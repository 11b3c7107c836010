-- Adds the tasks of one batch, all or none: an id that is there already fails the statement. :tasks is that of
-- push_detailed.sql.
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
