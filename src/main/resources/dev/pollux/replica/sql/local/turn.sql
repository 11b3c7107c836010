-- The remote has answered another request.
UPDATE PolluxReplica SET turn = :turn
