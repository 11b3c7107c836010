-- The columns that the Jobs table lacks, if there is one: not empty when another program's table has that name.
SELECT group_concat(value, ', ')
FROM json_each('["job", "id", "job_type", "status", "attempts", "max_attempts", "run_at", "last_error", "lock_at", "lock_by", "done_at", "priority", "metadata"]')
WHERE value NOT IN (SELECT name FROM pragma_table_info('Jobs'))
  AND EXISTS (SELECT 1 FROM pragma_table_info('Jobs'))
