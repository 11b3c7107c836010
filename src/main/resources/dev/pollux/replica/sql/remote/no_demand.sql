-- What the replica's workers polled before, they need not poll now.
UPDATE Workers
SET layers = ''
WHERE id >= :prefix AND id < :prefix || char(1114111)
  AND layers <> ''
  AND EXISTS (SELECT 1 FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce)
