-- The path of the database's file, empty for a memory database.
SELECT file FROM pragma_database_list WHERE name = 'main'
