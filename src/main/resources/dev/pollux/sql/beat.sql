-- Registers :worker, or says that it is still alive.
INSERT INTO Workers (id, worker_type, storage_name, layers, last_seen)
VALUES (:worker, :queue, 'LibsqlStorage', '', unixepoch())
ON CONFLICT (id) DO UPDATE SET last_seen = unixepoch()
