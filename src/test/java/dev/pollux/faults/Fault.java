package dev.pollux.faults;

/** What {@link FaultyProxy} may do to one request. */
enum Fault {
    /** The connection is reset, and the server never sees the request. */
    RESET("connections reset before the request", false),
    /** Half of the request gets to the server, and then the connection is reset. */
    HALF_REQUEST("requests halved", false),
    /** The request gets to the server, and runs there, a moment after the client has given up. */
    LATE_REQUEST("requests that run after the client gave up", false),
    /** The server has answered, and the connection is reset instead. */
    LOST_RESPONSE("responses lost after the commit", true),
    /** The server has answered, and half of that arrives before the connection is reset. */
    HALF_RESPONSE("responses halved after the commit", true),
    /** The server has answered, and nothing arrives until the client gives up. */
    STALL("responses stalled until the client gives up", true),
    /** The answer is late, yet in time. */
    DELAY("responses delayed", true),
    /** The token is refused; the request passes when it comes again, with the next one. */
    UNAUTHORIZED("HTTP 401, and another token", 401, false),
    TOO_MANY_REQUESTS("HTTP 429", 429, false),
    UNAVAILABLE("HTTP 503", 503, false),
    SERVER_ERROR("HTTP 500 after the commit", 500, true),
    BAD_GATEWAY("HTTP 502 after the commit", 502, true),
    GATEWAY_TIMEOUT("HTTP 504 after the commit", 504, true);

    private final String words;
    private final int status;
    private final boolean afterServer;

    Fault(String words, boolean afterServer) {
        this(words, 0, afterServer);
    }

    Fault(String words, int status, boolean afterServer) {
        this.words = words;
        this.status = status;
        this.afterServer = afterServer;
    }

    /** What the results call it. */
    String words() {
        return words;
    }

    /** The HTTP status that the client gets, or 0 if this is no such fault. */
    int status() {
        return status;
    }

    /** Whether the server has run the request by then. */
    boolean afterServer() {
        return afterServer;
    }
}
