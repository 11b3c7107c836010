package webflux;

/** The payload: what one task of the queue is about. It is stored as JSON. */
record Email(String to, String subject, String text) {}
