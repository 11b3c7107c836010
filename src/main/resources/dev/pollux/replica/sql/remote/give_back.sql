-- Gives tasks back to the pool. :leases is an object: the id of each, and its hold.
UPDATE Jobs
SET status = 'Pending', lock_by = NULL, lock_at = NULL, lease = NULL
FROM json_each(:leases) AS hold
WHERE Jobs.id = hold.key
  AND Jobs.lock_by = :prefix || Jobs.job_type
  AND ifnull(Jobs.lease, 0) = hold.value
  AND +Jobs.status IN ('Queued', 'Running')
  AND (SELECT writer FROM PolluxRemote) = :replica
