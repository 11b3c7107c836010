-- Nobody knows whether the remote has given our tasks away: the guard lets none of them pass until all was heard.
UPDATE PolluxReplica SET hold_until = 0, aside = 1
