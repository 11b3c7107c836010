-- Switches the file to write-ahead logging, for good; says which mode it is in then.
PRAGMA journal_mode = WAL
