-- Begins a talk with the remote. A nonce whose answer never came is used again, so that asking twice is asking once.
UPDATE PolluxReplica
SET asked = coalesce(asked, :nonce)
RETURNING id, remote, turn, nonce, asked, cursor, forced
