package dev.pollux.r2dbc.hrana;

/** The server's answer is not what the Hrana protocol says; never seen outside this package. */
final class MalformedReplyException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    MalformedReplyException(String what) {
        super(what);
    }

    MalformedReplyException(String what, Throwable cause) {
        super(what, cause);
    }
}
