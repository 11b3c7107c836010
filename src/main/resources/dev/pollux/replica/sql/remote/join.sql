-- Makes a replica known that has never talked with this database, or does not care that it has.
INSERT INTO PolluxReplicas (id, turn, nonce, last_seen)
SELECT :replica, 0, :nonce, unixepoch()
WHERE :turn = 0
ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce WHERE :forced
