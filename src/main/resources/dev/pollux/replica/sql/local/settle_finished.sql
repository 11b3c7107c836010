-- The remote has the end of :finished, an array of ids.
DELETE FROM PolluxSynced WHERE task IN (SELECT value FROM json_each(:finished))
