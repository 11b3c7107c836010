-- What a replica reads.
CREATE INDEX IF NOT EXISTS PolluxFeedOf ON PolluxFeed (replica, seq)
