-- Makes the file another replica, which has talked with no remote yet.
UPDATE PolluxReplica
SET id = :id, remote = NULL, turn = 0, nonce = NULL, asked = NULL, cursor = 0, hold_until = 0
