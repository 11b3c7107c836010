-- The remote has answered; until :seconds from now, less what has passed since it was asked, it gives our tasks to nobody.
UPDATE PolluxReplica
SET remote = :remote, turn = :turn, nonce = asked, asked = NULL, hold_until = unixepoch() + :seconds
