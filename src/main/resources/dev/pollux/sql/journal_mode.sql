-- The journal mode, for example wal.
PRAGMA journal_mode
