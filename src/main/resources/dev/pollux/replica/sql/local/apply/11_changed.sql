-- A task that we hold was changed there while it waited here.
UPDATE Jobs
SET max_attempts = row.value ->> 'max_attempts',
    run_at = row.value ->> 'run_at',
    priority = row.value ->> 'priority',
    metadata = row.value ->> 'metadata'
FROM json_each(:rows) AS row
WHERE Jobs.id = row.value ->> 'id'
  AND row.value ->> 'held'
  AND Jobs.status = 'Pending'
  AND (Jobs.run_at <> row.value ->> 'run_at'
       OR Jobs.priority <> row.value ->> 'priority'
       OR Jobs.max_attempts <> row.value ->> 'max_attempts'
       OR Jobs.metadata IS NOT row.value ->> 'metadata')
