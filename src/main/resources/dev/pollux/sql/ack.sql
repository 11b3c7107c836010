-- Stores outcomes. Each element of :outcomes is [id, worker, attempts, 'Done' | 'Failed' | 'Killed', result, wait in
-- ms]; the first three are the fence that names one lease. A failure without a try left kills the task.
-- The + keeps SQLite from walking an index on lock_by or status, which the Rust crate's databases have, for each element.
UPDATE Jobs
SET status = CASE
      WHEN outcome.value ->> 3 = 'Failed' AND Jobs.attempts + 1 >= Jobs.max_attempts THEN 'Killed'
      ELSE outcome.value ->> 3
    END,
    attempts = Jobs.attempts + (outcome.value ->> 3 <> 'Done'),
    last_error = outcome.value ->> 4,
    done_at = unixepoch(),
    run_at = CASE
      WHEN outcome.value ->> 3 = 'Failed' THEN
        (CAST(unixepoch('subsec') * 1000 AS INTEGER) + (outcome.value ->> 5) + 999 * ((outcome.value ->> 5) > 0)) / 1000
      ELSE Jobs.run_at
    END
FROM json_each(:outcomes) AS outcome
WHERE Jobs.id = outcome.value ->> 0
  AND +Jobs.lock_by = outcome.value ->> 1
  AND Jobs.attempts = outcome.value ->> 2
  AND +Jobs.status IN ('Queued', 'Running')
RETURNING Jobs.id, Jobs.status, Jobs.attempts
