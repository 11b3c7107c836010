-- Which database this is, and what it knows of the replica.
SELECT PolluxRemote.id, PolluxReplicas.turn, PolluxReplicas.nonce
FROM PolluxRemote LEFT JOIN PolluxReplicas ON PolluxReplicas.id = :replica
