-- The remote has answered; until :seconds from now, less what has passed since it was asked, it gives our tasks to nobody.
UPDATE PolluxReplica
SET remote = :remote, turn = :turn, nonce = asked, asked = NULL, forced = 0, hold_until = unixepoch() + :seconds
