-- Those of others are none of our business any more.
DELETE FROM Jobs
WHERE id IN (SELECT task
             FROM json_each(:tasks) JOIN PolluxSynced ON task = value
             WHERE held = 0 AND followed = 0)
  AND status = 'Queued'
  AND lock_by = 'pollux-remote'
