-- They are asked about: :lease is 0 if the remote is to have them from us where it lacks them, and -1, which names no hold, if it
-- knows better.
UPDATE PolluxSynced SET held = 1, lease = :lease, known = -:lease
