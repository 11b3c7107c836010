-- These changes are sent.
DELETE FROM PolluxChanges WHERE seq <= :last
