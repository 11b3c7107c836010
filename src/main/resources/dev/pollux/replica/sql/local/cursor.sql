-- All that the remote had to tell up to :cursor is written.
UPDATE PolluxReplica SET cursor = :cursor
