-- Counts a request of the replica, if it is in the talk that goes on and its last request was :turn; tells its number.
UPDATE PolluxReplicas
SET turn = turn + 1
WHERE id = :replica AND nonce = :nonce AND turn = :turn
RETURNING turn
