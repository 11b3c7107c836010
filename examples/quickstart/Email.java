package quickstart;

/** The payload: what one task of the queue is about. It is stored as JSON. */
record Email(String from, String to, String subject, String body) {}
