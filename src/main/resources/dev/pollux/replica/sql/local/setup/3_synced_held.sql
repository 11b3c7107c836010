-- What is ours, or being given back: not what is elsewhere, which may be much more. Who looks for it says held <> 0 for that.
CREATE INDEX IF NOT EXISTS PolluxHeld ON PolluxSynced (held) WHERE held <> 0
