-- All that the replica holds is held on.
UPDATE Workers
SET last_seen = unixepoch()
WHERE id >= :prefix AND id < :prefix || char(1114111)
  AND EXISTS (SELECT 1 FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce)
