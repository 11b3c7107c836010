-- From here to the end of the transaction, this replica writes; it is told which it is, or null if it has no turn.
UPDATE PolluxRemote
SET writer = (SELECT id FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce)
RETURNING writer
