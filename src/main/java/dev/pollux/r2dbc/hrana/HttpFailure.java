package dev.pollux.r2dbc.hrana;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;

/** A request without an answer, or with a broken one; never seen outside this package. */
final class HttpFailure extends IOException {

    private static final long serialVersionUID = 1L;

    private final boolean sent;

    HttpFailure(IOException cause, boolean sent) {
        super(cause.getMessage(), cause);
        this.sent = sent;
    }

    /** Whether a byte of the request may have reached the server; if not, nothing ran. */
    boolean sent() {
        return sent;
    }

    /** Whether the server sent nothing for too long, rather than the whole taking too long. */
    boolean silent() {
        return getCause() instanceof SocketTimeoutException;
    }

    /** Whether it took too long. OkHttp says so with an interrupted call, as also for a closed client. */
    boolean timedOut() {
        return getCause() instanceof InterruptedIOException && !ofClosedClient();
    }

    /** Whether the client was closed, which OkHttp says in words. */
    boolean ofClosedClient() {
        return getCause() instanceof InterruptedIOException && "executor rejected".equals(getMessage());
    }
}
