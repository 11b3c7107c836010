package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.Work;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A transport and its sessions for one test, with calls that wait. */
final class Remote implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HranaTransport transport;
    private final List<Session> sessions = new ArrayList<>();

    Remote(String url) {
        this(HranaOptions.builder(URI.create(url)).build());
    }

    Remote(HranaOptions options) {
        this.transport = new HranaTransport(options);
    }

    HranaTransport transport() {
        return transport;
    }

    Session open() {
        Session session = transport.open().block(PATIENCE);
        if (session == null) {
            throw new AssertionError("no session");
        }
        sessions.add(session);
        return session;
    }

    static List<Answer> run(Session session, Call... calls) {
        List<Answer> answers =
                session.execute(new Work(List.of(calls), 0)).collectList().block(PATIENCE);
        if (answers == null) {
            throw new AssertionError("no answers");
        }
        return answers;
    }

    static Answer write(Session session, String sql, @Nullable Object... arguments) {
        return run(session, Call.write(sql, arguments)).get(0);
    }

    static Answer read(Session session, String sql, @Nullable Object... arguments) {
        return run(session, Call.read(sql, arguments)).get(0);
    }

    /** The only value of the only row. */
    static @Nullable Object value(Session session, String sql, @Nullable Object... arguments) {
        List<@Nullable Object[]> rows = read(session, sql, arguments).rows();
        if (rows.size() != 1 || rows.get(0).length != 1) {
            throw new AssertionError("not one value: " + rows.size() + " rows");
        }
        return rows.get(0)[0];
    }

    @Override
    public void close() {
        sessions.forEach(session -> session.close().block(PATIENCE));
        transport.close().block(PATIENCE);
    }
}
