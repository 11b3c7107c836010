-- So they are unknown from now on.
DELETE FROM PolluxReplicas WHERE last_seen < unixepoch() - 86400 * :days
