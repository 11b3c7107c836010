-- A talk with the remote begins, of which nobody may ever hear the answer: its nonce is the last of :asked.
UPDATE PolluxReplica SET nonce = :nonce, asked = :asked
