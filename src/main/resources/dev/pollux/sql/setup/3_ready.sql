-- What a fetch walks: only tasks that wait are in it, so finished ones cost nothing.
CREATE INDEX IF NOT EXISTS PolluxReady ON Jobs (job_type, priority DESC, run_at, id)
WHERE status IN ('Pending', 'Failed')
