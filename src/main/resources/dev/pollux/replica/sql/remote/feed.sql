-- What the replica is to hear of next: up to :tasks tasks, or as many as have :bytes together, but one at least. held says that the
-- replica holds it; only then the payload is there. The last column is how many bytes the tasks up to this one have.
SELECT seq, task, status, job_type, attempts, max_attempts, run_at, last_error, done_at, priority, metadata, held, lease, followed,
       -- tursodb 0.6 spoils a blob by casting it to one.
       CASE WHEN held THEN iif(typeof(job) = 'blob', job, CAST(job AS BLOB)) END,
       total
FROM (SELECT *, sum(size) OVER (ORDER BY seq) AS total
      FROM (SELECT feed.seq, feed.task, Jobs.status, Jobs.job_type, Jobs.attempts, Jobs.max_attempts, Jobs.run_at,
                   Jobs.last_error, Jobs.done_at, Jobs.priority, Jobs.metadata, ifnull(Jobs.lease, 0) AS lease,
                   ifnull(Jobs.origin = :replica, 0) AS followed,
                   Jobs.job AS job,
                   ifnull(Jobs.lock_by = :prefix || Jobs.job_type AND Jobs.status IN ('Queued', 'Running'), 0) AS held,
                   CASE
                     WHEN Jobs.lock_by = :prefix || Jobs.job_type AND Jobs.status IN ('Queued', 'Running') THEN
                       octet_length(Jobs.job)
                     ELSE 0
                   END + ifnull(length(Jobs.last_error), 0) + ifnull(length(Jobs.metadata), 0) AS size
            FROM (SELECT seq, task FROM PolluxFeed WHERE replica = :replica AND seq > :cursor ORDER BY seq LIMIT :tasks)
                   AS feed
              LEFT JOIN Jobs ON Jobs.id = feed.task))
WHERE total - size < :bytes
ORDER BY seq
