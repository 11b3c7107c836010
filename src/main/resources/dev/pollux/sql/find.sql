-- One task of :queue by its id.
SELECT CAST(job AS BLOB), id, CAST(attempts AS INTEGER), CAST(max_attempts AS INTEGER), CAST(run_at AS INTEGER),
  last_error, CAST(lock_at AS INTEGER), CAST(done_at AS INTEGER), CAST(priority AS INTEGER), metadata,
  job_type, status, lock_by, ifnull(lease, 0)
FROM Jobs
WHERE id = :id AND job_type = :queue
