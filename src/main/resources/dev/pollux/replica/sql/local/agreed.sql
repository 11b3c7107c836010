-- The remote has answered, and is the one it is from now on.
UPDATE PolluxReplica SET remote = :remote, turn = :turn, nonce = :nonce, asked = '[]', forced = 0
