-- One task of :queue by its id.
SELECT CAST(job AS BLOB), id, job_type, status, attempts, max_attempts, run_at, last_error, lock_at, lock_by, done_at, priority,
  metadata
FROM Jobs
WHERE id = :id AND job_type = :queue
