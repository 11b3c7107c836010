-- Who holds, in this file, the tasks that are elsewhere. It never falls silent, so no sweep takes them.
INSERT INTO Workers (id, worker_type, storage_name, layers, last_seen)
VALUES ('pollux-remote', 'pollux-remote', 'PolluxReplica', '', 253402300799)
ON CONFLICT (id) DO NOTHING
