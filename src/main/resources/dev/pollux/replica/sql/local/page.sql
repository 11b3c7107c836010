-- The tasks of a page of changes as they are now; a status of null says that there is none any more, and the last column but one
-- whether somebody deleted it. The payload is there where the remote may not have it.
SELECT PolluxChanges.task,
       max(PolluxChanges.retried),
       Jobs.status,
       Jobs.job_type,
       Jobs.attempts,
       Jobs.max_attempts,
       Jobs.run_at,
       Jobs.last_error,
       Jobs.done_at,
       Jobs.priority,
       Jobs.metadata,
       ifnull(PolluxSynced.lease, 0),
       ifnull(PolluxSynced.held, 1),
       CASE WHEN ifnull(PolluxSynced.known, 0) = 0 THEN CAST(Jobs.job AS BLOB) END,
       max(PolluxChanges.deleted),
       ifnull(PolluxSynced.followed, 1)
FROM PolluxChanges
  LEFT JOIN Jobs ON Jobs.id = PolluxChanges.task
  LEFT JOIN PolluxSynced ON PolluxSynced.task = PolluxChanges.task
WHERE PolluxChanges.seq <= :last
GROUP BY PolluxChanges.task
ORDER BY min(PolluxChanges.seq)
