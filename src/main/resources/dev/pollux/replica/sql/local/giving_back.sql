-- The tasks that are to go back to the pool.
SELECT task, lease FROM PolluxSynced WHERE held <> 0 AND held = 2 LIMIT :tasks
