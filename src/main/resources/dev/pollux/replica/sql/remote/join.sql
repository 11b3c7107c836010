-- Makes a replica known that has never talked with this database.
INSERT INTO PolluxReplicas (id, turn, nonce, last_seen)
SELECT :replica, 1, :nonce, unixepoch()
WHERE :turn = 0
ON CONFLICT (id) DO NOTHING
