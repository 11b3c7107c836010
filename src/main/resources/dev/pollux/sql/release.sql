-- Gives leases back without counting a try. :leases is that of lock.sql.
UPDATE Jobs
SET status = 'Pending', lock_by = NULL, lock_at = NULL, lease = NULL
FROM json_each(:leases) AS lease
WHERE Jobs.id = lease.key
  AND Jobs.attempts || ' ' || ifnull(Jobs.lease, 0) || ' ' || Jobs.lock_by = lease.value
  AND +Jobs.status IN ('Queued', 'Running')
RETURNING Jobs.id
