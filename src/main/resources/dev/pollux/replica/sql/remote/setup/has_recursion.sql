-- Fails where the server knows no recursive common table expressions.
WITH RECURSIVE step (n) AS (
  SELECT 1
  UNION ALL
  SELECT n + 1
  FROM step
  WHERE n < 2
)
SELECT count(*) FROM step
