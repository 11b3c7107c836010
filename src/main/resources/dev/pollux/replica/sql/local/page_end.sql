-- How far the next page of changes goes, :tasks of them, or as many as have :bytes together, but one at least; and how far all go.
SELECT max(seq), (SELECT max(seq) FROM PolluxChanges)
FROM (SELECT seq, size, sum(size) OVER (ORDER BY seq) AS total
      FROM (SELECT seq, ifnull(length(job), 0) + ifnull(length(last_error), 0) + ifnull(length(metadata), 0) AS size
            FROM PolluxChanges LEFT JOIN Jobs ON Jobs.id = PolluxChanges.task
            ORDER BY seq
            LIMIT :tasks))
WHERE total - size < :bytes
