-- These, an array of ids, are in the pool now.
UPDATE PolluxSynced SET held = 0 WHERE task IN (SELECT value FROM json_each(:tasks)) AND held = 2
