-- lock.sql for leases of one fetch, by :worker, with the same attempts. :leases is an object whose names are the tasks.
UPDATE Jobs
SET status = 'Running', lock_at = unixepoch()
FROM json_each(:leases) AS lease
WHERE Jobs.id = lease.key
  AND +Jobs.lock_by = :worker
  AND +Jobs.attempts = :attempts
  AND ifnull(Jobs.lease, 0) = :lease
  AND +Jobs.status IN ('Queued', 'Running')
