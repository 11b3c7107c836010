-- From here to the end of the transaction, this replica writes, if turn.sql has counted the request.
UPDATE PolluxRemote
SET writer = (SELECT id FROM PolluxReplicas WHERE id = :replica AND nonce = :nonce AND turn = :turn + 1)
