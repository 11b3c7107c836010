-- Has the file talk with the remote as if for the first time: under a new id, or under its own whatever the remote remembers of it.
UPDATE PolluxReplica
SET id = coalesce(:id, id), remote = NULL, turn = 0, nonce = NULL, asked = '[]', forced = :id IS NULL, cursor = 0, hold_until = 0,
    aside = 1
