-- Tasks that were deleted before they ended.
DELETE FROM Jobs
WHERE id IN (SELECT value ->> 'id' FROM json_each(:rows) WHERE value ->> 'status' IS NULL)
  AND status NOT IN ('Done', 'Killed')
  AND (SELECT writer FROM PolluxRemote) = :replica
