package dev.pollux;

/** The payload of the tests. */
record Email(String to, String text) {

    static Email number(int number) {
        return new Email("user" + number + "@example.com", "Hello!");
    }
}
