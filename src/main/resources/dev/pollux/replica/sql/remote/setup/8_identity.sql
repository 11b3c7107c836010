-- Gives the database an id, once: one that was made anew has another.
INSERT INTO PolluxRemote (id)
SELECT :id
WHERE NOT EXISTS (SELECT 1 FROM PolluxRemote)
