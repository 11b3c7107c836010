-- Takes leases to Running. Each element of :leases is [id, worker, attempts]: the fence that names one lease.
-- The + keeps SQLite from walking an index on lock_by or status, which the Rust crate's databases have, for each element.
UPDATE Jobs
SET status = 'Running', lock_at = unixepoch()
FROM json_each(:leases) AS lease
WHERE Jobs.id = lease.value ->> 0
  AND +Jobs.lock_by = lease.value ->> 1
  AND Jobs.attempts = lease.value ->> 2
  AND +Jobs.status IN ('Queued', 'Running')
RETURNING Jobs.id
