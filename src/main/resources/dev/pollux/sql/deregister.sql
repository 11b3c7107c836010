-- Forgets :worker, unless the database (one that the Rust crate made) has a foreign key from its finished tasks.
DELETE FROM Workers
WHERE id = :worker
  AND (NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list('Jobs'))
       OR NOT EXISTS (SELECT 1 FROM Jobs WHERE lock_by = :worker))
