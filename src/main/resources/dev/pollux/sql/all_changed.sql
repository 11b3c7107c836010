-- Fails, and with it the whole turn, unless the statement before it has changed :rows rows. RAISE is for triggers only.
SELECT json('too few rows were changed')
WHERE changes() <> :rows
