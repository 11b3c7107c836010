-- 1 if something that we hold may be out of our workers' reach, otherwise 0.
SELECT aside FROM PolluxReplica
