-- As holds.sql, but what may be somebody else's by now stays so until we have heard.
UPDATE PolluxReplica SET hold_until = unixepoch() + :seconds WHERE hold_until > unixepoch()
