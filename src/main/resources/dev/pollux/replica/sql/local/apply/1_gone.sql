-- :rows is an array of tasks as the remote has them: id, status (null if it has none), queue, attempts, max_attempts, run_at,
-- last_error, done_at, priority, metadata, lease, held (1 if we hold it), followed (1 if it was created here), and the payload as text or hex where it was sent.
-- A task that was deleted there before it ended goes here, too.
DELETE FROM Jobs
WHERE id IN (SELECT value ->> 'id' FROM json_each(:rows) WHERE value ->> 'status' IS NULL)
  AND status NOT IN ('Done', 'Killed')
