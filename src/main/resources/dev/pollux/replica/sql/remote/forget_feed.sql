-- What replicas that were silent for :days were to hear is kept for them no longer.
DELETE FROM PolluxFeed
WHERE replica IN (SELECT id FROM PolluxReplicas WHERE last_seen < unixepoch() - 86400 * :days)
