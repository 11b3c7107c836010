-- Notes that nothing that we hold is out of reach.
UPDATE PolluxReplica SET aside = 0 WHERE hold_until > unixepoch()
