-- Which talk the last one was, and which may have taken place or may yet, :asked; one that begins is the last of them.
UPDATE PolluxReplica SET nonce = :nonce, asked = :asked
