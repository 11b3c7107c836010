package edge;

/** The payload of both queues: what was sold. */
record Order(int number, String item) {}
