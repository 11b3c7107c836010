-- The number of the last change that is to be sent, 0 if there is none.
SELECT ifnull(max(seq), 0) FROM PolluxChanges
