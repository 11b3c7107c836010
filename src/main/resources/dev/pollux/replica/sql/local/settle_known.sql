-- The remote knows :known, an array of ids.
UPDATE PolluxSynced SET known = 1 WHERE task IN (SELECT value FROM json_each(:known)) AND known = 0
