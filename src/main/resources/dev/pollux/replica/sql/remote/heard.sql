-- The replica has written all up to :cursor.
DELETE FROM PolluxFeed
WHERE replica = :replica
  AND seq <= :cursor
  AND EXISTS (SELECT 1 FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce)
