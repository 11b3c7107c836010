-- Which replica a task was created on; null for those of other programs.
ALTER TABLE Jobs ADD COLUMN origin TEXT
