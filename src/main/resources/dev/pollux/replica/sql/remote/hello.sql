-- Begins a talk of a replica that knows what the last one was, and of no later request than this database does.
UPDATE PolluxReplicas
SET turn = turn + 1, nonce = :nonce, leases = leases + 1, last_seen = unixepoch()
WHERE id = :replica AND nonce IN (SELECT value FROM json_each(:nonces)) AND turn >= :turn
