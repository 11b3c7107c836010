-- Tells both that a task was deleted before it ended.
CREATE TRIGGER IF NOT EXISTS PolluxFeedDelete AFTER DELETE ON Jobs
WHEN OLD.status NOT IN ('Done', 'Killed') AND (OLD.origin IS NOT NULL OR OLD.lock_by GLOB 'pollux-replica:*')
BEGIN
  INSERT INTO PolluxFeed (replica, task)
  SELECT replica, OLD.id
  FROM (SELECT OLD.origin AS replica
        UNION
        SELECT substr(OLD.lock_by, 16, 26) WHERE OLD.lock_by GLOB 'pollux-replica:*')
  WHERE replica IN (SELECT id FROM PolluxReplicas) AND replica IS NOT (SELECT writer FROM PolluxRemote);
END
