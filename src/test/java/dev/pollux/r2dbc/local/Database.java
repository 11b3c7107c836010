package dev.pollux.r2dbc.local;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.Work;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A database for one test, with all the sessions that it opened. Waits are bounded, so a test can hang only so long. */
final class Database implements AutoCloseable {

    static final Duration WAIT = Duration.ofSeconds(30);

    private final LocalTransport transport;
    private final List<Session> sessions = new ArrayList<>();

    Database(LocalOptions options) {
        transport = new LocalTransport(options);
    }

    static Database file(Path folder) {
        return new Database(LocalOptions.file(folder.resolve("test.db")).build());
    }

    static Database memory() {
        return new Database(LocalOptions.memory("test-" + UUID.randomUUID()).build());
    }

    LocalTransport transport() {
        return transport;
    }

    synchronized Session open() {
        Session session = Objects.requireNonNull(transport.open().block(WAIT));
        sessions.add(session);
        return session;
    }

    static Work read(String sql, @Nullable Object... arguments) {
        return Work.of(Call.read(sql, arguments));
    }

    static Work write(String sql, @Nullable Object... arguments) {
        return Work.of(Call.write(sql, arguments));
    }

    static Work unit(Call... calls) {
        return new Work(List.of(calls), 0);
    }

    static List<Answer> run(Session session, Work work) {
        return Objects.requireNonNull(session.execute(work).collectList().block(WAIT));
    }

    static Answer write(Session session, String sql, @Nullable Object... arguments) {
        return run(session, write(sql, arguments)).get(0);
    }

    /** All rows of a reading statement, the later ones included. */
    static List<List<@Nullable Object>> rows(Session session, String sql, @Nullable Object... arguments) {
        Answer answer = run(session, read(sql, arguments)).get(0);
        List<@Nullable Object[]> rows = new ArrayList<>(answer.rows());
        if (answer.more() != null) {
            answer.more().toIterable().forEach(rows::addAll);
        }
        return rows.stream().map(Arrays::asList).toList();
    }

    /** The one value of the one row. */
    static @Nullable Object value(Session session, String sql, @Nullable Object... arguments) {
        return rows(session, sql, arguments).get(0).get(0);
    }

    @Override
    public void close() {
        sessions.forEach(session -> session.close().block(WAIT));
        transport.close().block(WAIT);
    }
}
