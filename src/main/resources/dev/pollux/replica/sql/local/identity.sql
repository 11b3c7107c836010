-- What the file is, and how it stands with the remote.
SELECT id, remote, turn, nonce, asked, cursor, forced FROM PolluxReplica
