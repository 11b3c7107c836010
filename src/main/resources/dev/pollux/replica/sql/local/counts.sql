-- How many changes are not sent, and how many tasks we hold.
SELECT (SELECT count(*) FROM PolluxChanges), (SELECT count(*) FROM PolluxSynced WHERE held <> 0)
