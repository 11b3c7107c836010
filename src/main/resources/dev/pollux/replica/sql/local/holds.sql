-- For :seconds from now, the remote gives our tasks to nobody.
UPDATE PolluxReplica SET hold_until = unixepoch() + :seconds
