-- A replica that begins anew is to hear of all that this database believes it holds.
INSERT INTO PolluxFeed (replica, task)
SELECT :replica, id
FROM Jobs INDEXED BY PolluxLeased
WHERE lock_by >= :prefix AND lock_by < :prefix || char(1114111) AND status IN ('Queued', 'Running')
  AND EXISTS (SELECT 1 FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce)
