-- Gives the file an id, once. What it holds already is to be sent.
INSERT INTO PolluxReplica (id)
SELECT :id
WHERE NOT EXISTS (SELECT 1 FROM PolluxReplica)
