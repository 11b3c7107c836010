-- Tells the replica that created a task of its end and of its new terms, and the replica that held or holds it of all that
-- concerns the hold; not the one that writes it.
CREATE TRIGGER IF NOT EXISTS PolluxFeedUpdate
AFTER UPDATE OF status, attempts, max_attempts, run_at, priority, metadata, lock_by, lease ON Jobs
WHEN NEW.origin IS NOT NULL OR OLD.lock_by GLOB 'pollux-replica:*' OR NEW.lock_by GLOB 'pollux-replica:*'
BEGIN
  INSERT INTO PolluxFeed (replica, task)
  SELECT replica, NEW.id
  FROM (SELECT NEW.origin AS replica
        WHERE (NEW.status <> OLD.status
                 AND (NEW.status IN ('Done', 'Killed') OR OLD.status IN ('Done', 'Killed')))
           OR NEW.attempts <> OLD.attempts
           OR NEW.run_at <> OLD.run_at
           OR NEW.max_attempts <> OLD.max_attempts
           OR NEW.priority <> OLD.priority
           OR NEW.metadata IS NOT OLD.metadata
        UNION
        SELECT substr(OLD.lock_by, 16, 26) WHERE OLD.lock_by GLOB 'pollux-replica:*'
        UNION
        SELECT substr(NEW.lock_by, 16, 26) WHERE NEW.lock_by GLOB 'pollux-replica:*')
  WHERE replica IN (SELECT id FROM PolluxReplicas) AND replica IS NOT (SELECT writer FROM PolluxRemote);
END
