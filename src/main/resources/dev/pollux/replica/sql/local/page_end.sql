-- How far the next page of changes goes, :tasks of them, or as many as need no more than :bytes, but one at least; and how far all go. In
-- JSON, a byte of a text needs two characters if it is to be escaped, and one of a binary payload in any case.
SELECT max(seq), (SELECT max(seq) FROM PolluxChanges)
FROM (SELECT seq, size, sum(size) OVER (ORDER BY seq) AS total
      FROM (SELECT seq,
                   2 * (iif(ifnull(known, 0), 0, ifnull(octet_length(job), 0))
                          + ifnull(octet_length(last_error), 0)
                          + ifnull(octet_length(metadata), 0)) AS size
            FROM PolluxChanges
              LEFT JOIN Jobs ON Jobs.id = PolluxChanges.task
              LEFT JOIN PolluxSynced ON PolluxSynced.task = PolluxChanges.task
            ORDER BY seq
            LIMIT :tasks))
WHERE total <= :bytes OR total = size
