-- Forgets the workers of :queue that have been silent for a day and hold nothing.
DELETE FROM Workers
WHERE worker_type = :queue
  AND last_seen < unixepoch() - 86400 - :orphaned_after
  AND NOT EXISTS (SELECT 1
                  FROM Jobs INDEXED BY PolluxLeased
                  WHERE lock_by = Workers.id AND status IN ('Queued', 'Running'))
  AND (NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list('Jobs'))
       OR NOT EXISTS (SELECT 1 FROM Jobs WHERE lock_by = Workers.id))
