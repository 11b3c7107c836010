-- What became of tasks whose lease did not answer: :ids is an array of ids.
SELECT id, status, attempts, lock_by, ifnull(lease, 0)
FROM Jobs
WHERE id IN (SELECT value FROM json_each(:ids))
