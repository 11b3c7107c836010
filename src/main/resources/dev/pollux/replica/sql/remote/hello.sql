-- The next turn of a replica, if its last one is the one it says.
UPDATE PolluxReplicas
SET turn = turn + (nonce <> :nonce), nonce = :nonce, leases = leases + 1, last_seen = unixepoch()
WHERE id = :replica AND nonce IN (:last_nonce, :nonce)
