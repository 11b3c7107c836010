-- Which fetch of the worker lock_by a task was leased by: set and cleared with lock_by, but null for other programs' leases.
ALTER TABLE Jobs ADD COLUMN lease INTEGER
