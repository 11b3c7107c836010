package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.Ask.Stake;
import dev.pollux.r2dbc.hrana.HttpChannel.Reply;
import dev.pollux.r2dbc.hrana.PipelineReply.ServerError;
import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.OutcomeUnknownException;
import io.r2dbc.spi.R2dbcException;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a failed request means; {@link Faults} makes the exceptions. The question is always the same: did it
 * run? If nothing was sent, or the server refused, it did not. If an answer is missing, that depends on what was at
 * {@link Stake}.
 */
final class HranaFaults {

    private static final Set<String> REFUSALS =
            Set.of("SQL_PARSE_ERROR", "SQL_INPUT_ERROR", "SQL_NO_STATEMENT", "SQL_MANY_STATEMENTS", "ARGS_INVALID");
    /** Codes that tell no more than that a statement failed, and so changed nothing. The last three are tursodb's. */
    private static final Set<String> REJECTIONS = Set.of(
            "SQLITE_UNKNOWN",
            "SQL_STORE_TOO_MANY",
            "SQL_STORE_TOO_LARGE",
            "PREPARE_ERROR",
            "EXECUTE_ERROR",
            "BATCH_STEP_ERROR");

    private static final int QUOTED = 300;
    private static final String ROW_LIMIT = " (libSQL servers take rows of up to 5 MB)";

    private static final String FROM_PRIMARY = "error executing a request on the primary: ";

    private final HranaOptions options;
    private final String where;

    HranaFaults(HranaOptions options) {
        this.options = options;
        this.where = options.describe();
    }

    String where() {
        return where;
    }

    /**
     * No answer, or a broken one.
     *
     * @param after whether the request was to come after a replication index
     */
    R2dbcException http(HttpFailure failure, boolean after, Ask ask) {
        if (failure.sent()) {
            return noAnswer(
                    failure.timedOut() ? late(failure, after, ask) : "the connection broke: " + reason(failure),
                    failure.timedOut(),
                    ask,
                    failure.getCause());
        }
        Throwable cause = failure.getCause();
        if (ask.stake() == Stake.TRANSACTION || ask.stake() == Stake.COMMIT) {
            return Faults.transactionLost(where, "the server can't be reached: " + reason(failure), ask.sql(), cause);
        }
        if (failure.ofClosedClient()) {
            return Faults.factoryClosed(where);
        }
        if (cause instanceof UnknownHostException) {
            return Faults.connectionFailed(where, "its host name can't be resolved; is it spelt right?", cause);
        }
        if (cause instanceof SSLException tls) {
            return tls(tls);
        }
        return Faults.connectionFailed(where, reason(failure), cause);
    }

    private String late(HttpFailure failure, boolean after, Ask ask) {
        String what = "no answer within " + (failure.silent() ? options.patience(ask.timeout()) : ask.timeout());
        // Writes are not made to wait.
        return after && ask.stake() == Stake.NOTHING
                ? what
                        + " (with consistentReads, a replica answers when it has the writes made before, and never if its"
                        + " primary was restored to an earlier state: then the next write ends that)"
                : what;
    }

    /** TLS that failed before anything was sent. A connection that only broke off may be better the next time. */
    private R2dbcException tls(SSLException failure) {
        if (failure instanceof SSLPeerUnverifiedException) {
            // OkHttp's own message is a page about the certificate.
            return Faults.connectionRefused(
                    where, "its certificate is not trusted: it is for another host name", failure);
        }
        String untrusted = null;
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof EOFException || t instanceof SocketException) {
                return Faults.connectionFailed(where, reason(failure), failure);
            }
            if (t instanceof CertificateExpiredException) {
                untrusted = "it has expired (" + t.getMessage() + ")";
            } else if (t instanceof CertificateNotYetValidException) {
                untrusted = "it is not valid yet (" + t.getMessage() + "); is this machine's clock right?";
            } else if (t instanceof CertificateException && untrusted == null) {
                untrusted = t.getMessage()
                        + " (the certificate of an authority of your own belongs in the JVM's trust store)";
            }
        }
        return untrusted != null
                ? Faults.connectionRefused(where, "its certificate is not trusted: " + untrusted, failure)
                : Faults.connectionRefused(
                        where,
                        "no TLS could be agreed on: " + failure.getMessage()
                                + " (a server without TLS needs ?tls=0 and a port)",
                        failure);
    }

    /** An answer was expected and none, or none that can be read, came. */
    R2dbcException noAnswer(String what, boolean timedOut, Ask ask, @Nullable Throwable cause) {
        return switch (ask.stake()) {
            case NOTHING ->
                timedOut
                        ? Faults.timedOut(where, what, ask.sql(), cause)
                        : Faults.brokenOff(where, what, ask.sql(), cause);
            case WRITE, COMMIT -> new OutcomeUnknownException(where, what, ask.sql(), cause);
            case TRANSACTION ->
                timedOut
                        ? Faults.timedOut(where, what + ", and the transaction is lost", ask.sql(), cause)
                        : Faults.transactionLost(where, what, ask.sql(), cause);
        };
    }

    /** An answer that is not what the protocol says. */
    R2dbcException malformed(MalformedReplyException e, Ask ask) {
        String what =
                "the answer is not what the Hrana protocol says (" + e.getMessage() + "): is this a libSQL server?";
        return ask.stake() == Stake.NOTHING
                ? Faults.protocol(where, what, ask.sql(), e)
                : noAnswer(what, false, ask, e);
    }

    /**
     * An HTTP status that is no success.
     *
     * @param onStream whether the request carried a baton
     */
    R2dbcException status(Reply reply, boolean onStream, Ask ask) {
        int status = reply.status();
        String said = said(reply.body());
        String what = "HTTP " + status + (said.isEmpty() ? "" : ": " + said);
        return switch (status) {
            case 401 ->
                Faults.unauthorized(
                        where,
                        reply.hadToken()
                                ? "the access token was refused, it is wrong or expired (" + what + ")"
                                : "an access token is needed and none was given (set authToken; " + what + ")",
                        ask.sql());
            case 403 ->
                Faults.forbidden(
                        where, "the access token does not allow this; is it read-only? (" + what + ")", ask.sql());
            case 400, 404, 410 ->
                onStream
                        ? Faults.transactionLost(where, "its stream is gone (" + what + ")", ask.sql(), null)
                        : misdirected(status, what, ask);
            case 413 -> Faults.tooLarge(where, "the request is larger than the server takes (" + what + ")", ask.sql());
            case 429 ->
                onStream
                        ? Faults.transactionLost(where, "the server is overloaded (" + what + ")", ask.sql(), null)
                        : Faults.overloaded(where, "the server has too many open streams (" + what + ")", ask.sql());
            default -> {
                if (said.contains("could not be parsed")) {
                    // The cursor endpoint answers so to a statement it can't parse; the pipeline gives an error.
                    yield Faults.badGrammar(where, said, ask.sql());
                }
                if (status < 500) {
                    String redirect = status < 400 ? " (a redirect, which is not followed)" : "";
                    yield Faults.protocol(where, what + redirect, ask.sql(), null);
                }
                // A proxy's 502 or 504 says nothing about whether the server behind it ran the request.
                yield noAnswer(what, false, ask, null);
            }
        };
    }

    private R2dbcException misdirected(int status, String what, Ask ask) {
        return status == 400
                ? Faults.protocol(where, "the server does not understand the request (" + what + ")", ask.sql(), null)
                : Faults.noDatabase(where, "no such database or namespace (" + what + ")", ask.sql());
    }

    /** An error that the server reports for a statement or a batch. */
    R2dbcException server(ServerError error, Ask ask) {
        String code = error.code() == null ? "" : error.code();
        String message = strip(error.message());
        String what = (code.isEmpty() ? "" : code + ": ") + message;
        if (isSteal(error)) {
            return Faults.transactionLost(where, what + "; another writer waited 5 s for its lock", ask.sql(), null);
        }
        if (error.is("STREAM_EXPIRED")) {
            return Faults.transactionLost(where, "its stream is gone (" + what + ")", ask.sql(), null);
        }
        return switch (code) {
            case "TRANSACTION_BUSY", "BLOCKED" -> Faults.overloaded(where, what, ask.sql());
            case "SQL_PARSE_ERROR", "SQL_INPUT_ERROR", "SQL_NO_STATEMENT", "SQL_MANY_STATEMENTS" ->
                Faults.badGrammar(where, what, ask.sql());
            case "ARGS_INVALID" ->
                message.contains("too big")
                        ? Faults.tooLarge(where, what + ROW_LIMIT, ask.sql())
                        : Faults.badGrammar(where, what, ask.sql());
            case "SQLITE_TOOBIG" -> Faults.tooLarge(where, what + ROW_LIMIT, ask.sql());
            case "RESPONSE_TOO_LARGE" ->
                Faults.tooLarge(where, what + " (an answer can hold 10 MB: ask for fewer rows)", ask.sql());
            default ->
                code.startsWith("SQLITE_") && !code.equals("SQLITE_UNKNOWN")
                        ? Faults.sqlite(code, 0, message, where, ask.sql(), null)
                        : byMessage(code, message, what, ask);
        };
    }

    /** A replica reports its primary's errors as PROXY_ERROR, other servers have codes of their own: the text decides. */
    private R2dbcException byMessage(String code, String message, String what, Ask ask) {
        String text = message.toLowerCase(Locale.ROOT);
        // The second is what SQLite says of a STRICT table.
        if (text.contains("constraint failed") || text.contains("cannot store ")) {
            return Faults.sqlite("SQLITE_CONSTRAINT", 0, message, where, ask.sql(), null);
        }
        if (text.contains("datatype mismatch")) {
            return Faults.sqlite("SQLITE_MISMATCH", 0, message, where, ask.sql(), null);
        }
        if (text.contains("database is locked")) {
            return Faults.sqlite("SQLITE_BUSY", 0, message, where, ask.sql(), null);
        }
        if (text.contains("too big")) {
            return Faults.tooLarge(where, what + ROW_LIMIT, ask.sql());
        }
        if (REJECTIONS.contains(code)
                || message.startsWith(FROM_PRIMARY)
                || text.contains("no such ")
                || text.contains("syntax error")
                || text.contains("could not be parsed")) {
            return Faults.badGrammar(where, what, ask.sql());
        }
        return noAnswer(what, false, ask, null);
    }

    /** Whether the server refused the statement before it ran. */
    static boolean isRefusal(ServerError error) {
        return error.code() != null && REFUSALS.contains(error.code());
    }

    /** Whether the error says that the server gave the transaction's lock to another. */
    private static boolean isSteal(ServerError error) {
        return error.is("TRANSACTION_TIMEOUT")
                || (error.is("PROXY_ERROR") && error.message().contains("Transaction timed"));
    }

    private static String strip(String message) {
        String prefix = "SQLite error: ";
        return message.startsWith(prefix) ? message.substring(prefix.length()) : message;
    }

    private static String reason(IOException failure) {
        String message = failure.getMessage();
        return message == null ? String.valueOf(failure.getCause()) : message;
    }

    /** The text of a refusal: from {@code {"error":...}} or {@code {"message":...,"code":...}}, or as it is. */
    private static String said(byte[] body) {
        String text = ErrorBody.read(body);
        if (text == null) {
            text = new String(body, StandardCharsets.UTF_8);
        }
        text = text.strip();
        return text.length() <= QUOTED ? text : text.substring(0, QUOTED) + "...";
    }
}
