-- What beats and sweeps walk: only leases are in it.
CREATE INDEX IF NOT EXISTS PolluxLeased ON Jobs (lock_by)
WHERE status IN ('Queued', 'Running')
