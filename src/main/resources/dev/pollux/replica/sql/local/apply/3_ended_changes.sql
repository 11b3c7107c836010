-- What was changed here of a task that has ended there is of no use any more.
DELETE FROM PolluxChanges
WHERE task IN (SELECT Jobs.id
               FROM json_each(:rows) AS row JOIN Jobs ON Jobs.id = row.value ->> 'id'
               WHERE row.value ->> 'status' IN ('Done', 'Killed')
                 AND NOT (Jobs.status IN ('Done', 'Killed')
                          AND EXISTS (SELECT 1 FROM PolluxSynced WHERE PolluxSynced.task = Jobs.id)))
