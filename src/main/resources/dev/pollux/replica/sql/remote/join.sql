-- Makes a replica known that has never talked with this database, or begins anew with it.
INSERT INTO PolluxReplicas (id, turn, nonce, last_seen)
SELECT :replica, 0, :nonce, unixepoch()
WHERE :turn = 0
ON CONFLICT (id) DO NOTHING
