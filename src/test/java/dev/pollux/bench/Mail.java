package dev.pollux.bench;

/** The payload: 100 bytes as JSON, in every contender. */
record Mail(String to, String subject) {

    private static final String SUBJECT = "Hello! A payload of a hundred bytes, as all others have";

    static Mail number(int number) {
        return new Mail(String.format("user%07d@example.com", number), SUBJECT);
    }

    /** The number it was made with. */
    int number() {
        return Integer.parseInt(to, 4, 11, 10);
    }
}
