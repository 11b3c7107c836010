-- A task that the remote has never had, and cannot have, is ours without question.
DELETE FROM PolluxSynced WHERE task = :task AND known = 0
