-- The leases that the database gives to :worker.
SELECT id, attempts, ifnull(lease, 0)
FROM Jobs INDEXED BY PolluxLeased
WHERE lock_by = :worker AND status IN ('Queued', 'Running')
