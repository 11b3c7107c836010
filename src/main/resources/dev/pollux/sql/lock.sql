-- Takes leases to Running. :leases is an object: the id of each task, and its fence: attempts, lease and worker with
-- blanks between them, which together name one lease for good.
-- Nothing here lets SQLite walk an index on lock_by or status, which the Rust crate's databases have, for each element.
UPDATE Jobs
SET status = 'Running', lock_at = unixepoch()
FROM json_each(:leases) AS lease
WHERE Jobs.id = lease.key
  AND Jobs.attempts || ' ' || ifnull(Jobs.lease, 0) || ' ' || Jobs.lock_by = lease.value
  AND +Jobs.status IN ('Queued', 'Running')
RETURNING Jobs.id
