-- 1 if the Jobs table has the column origin, otherwise 0.
SELECT count(*) FROM pragma_table_info('Jobs') WHERE name = 'origin'
