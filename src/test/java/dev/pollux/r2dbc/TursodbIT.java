package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.testing.Tursodb;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.ValidationDepth;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What the driver does on a server whose clients share one connection: single texts and batches, each atomic. */
class TursodbIT {

    private static final Duration WAIT = Duration.ofSeconds(30);

    private final Tursodb server = Tursodb.start();
    private final LibsqlConnectionFactory factory = LibsqlConnectionFactory.of(server.r2dbcUrl());
    private final Connection connection = factory.create().blockOptional(WAIT).orElseThrow();

    @AfterEach
    void closeAll() {
        Mono.from(connection.close()).then(factory.close()).block(WAIT);
        server.close();
    }

    private List<List<@Nullable Object>> rows(String sql, @Nullable Object... values) {
        Statement statement = connection.createStatement(sql);
        for (int i = 0; i < values.length; i++) {
            Object value = values[i];
            if (value == null) {
                statement.bindNull(i, Object.class);
            } else {
                statement.bind(i, value);
            }
        }
        return Flux.from(statement.execute())
                .concatMap(result -> result.map((row, metadata) -> {
                    @Nullable
                    Object[] columns = new Object[metadata.getColumnMetadatas().size()];
                    Arrays.setAll(columns, row::get);
                    return Arrays.asList(columns);
                }))
                .collectList()
                .blockOptional(WAIT)
                .orElseThrow();
    }

    @Test
    void valuesOfEveryKindTravelBothWays() {
        rows("CREATE TABLE t (a, b, c, d, e)");

        assertThat(rows(
                        "INSERT INTO t VALUES (:a, :b, :c, :d, :e) RETURNING *",
                        Long.MIN_VALUE,
                        0.1,
                        "a kettle, 'été'",
                        ByteBuffer.wrap(new byte[] {0, -1, 127}),
                        null))
                .containsExactly(Arrays.asList(
                        Long.MIN_VALUE, 0.1, "a kettle, 'été'", ByteBuffer.wrap(new byte[] {0, -1, 127}), null));
    }

    @Test
    void aTextOfSeveralStatementsTakesEffectAsAWholeOrNotAtAll() {
        rows("CREATE TABLE t (n INTEGER PRIMARY KEY)");
        rows("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");

        assertThatThrownBy(() -> rows("INSERT INTO t VALUES (3); INSERT INTO t VALUES (1)"))
                .isInstanceOf(R2dbcDataIntegrityViolationException.class);
        assertThatThrownBy(() -> rows("INSERT INTO t VALUES (4); INSERT INTO nowhere VALUES (1)"))
                .isInstanceOf(R2dbcBadGrammarException.class)
                .hasMessageContaining("nowhere");

        assertThat(rows("SELECT n FROM t ORDER BY n")).containsExactly(List.of(1), List.of(2));
    }

    @Test
    void changesAreNotCountedButTheRowsTheyReturnAre() {
        rows("CREATE TABLE t (n INTEGER)");

        assertThat(Flux.from(connection
                                .createStatement("INSERT INTO t VALUES (1), (2)")
                                .execute())
                        .concatMap(result -> result.getRowsUpdated())
                        .collectList()
                        .block(WAIT))
                .containsExactly(0L);
        assertThat(rows("UPDATE t SET n = n + 1 RETURNING n")).hasSize(2);
    }

    @Test
    void textsOfManyConnectionsDoNotMix() {
        rows("CREATE TABLE t (n INTEGER PRIMARY KEY)");

        Flux.range(0, 200)
                .flatMap(
                        i -> Flux.usingWhen(
                                factory.create(),
                                mine -> Flux.from(mine.createStatement("INSERT INTO t VALUES (" + i
                                                        + "); INSERT INTO "
                                                        + (i % 2 == 0 ? "t VALUES (" + (1000 + i) + ")" : "nowhere"))
                                                .execute())
                                        .concatMap(result -> result.getRowsUpdated())
                                        .onErrorComplete(R2dbcBadGrammarException.class),
                                Connection::close),
                        16)
                .blockLast(WAIT);

        assertThat(rows("SELECT count(*), sum(n % 2), count(*) FILTER (WHERE n >= 1000) FROM t"))
                .containsExactly(List.of(200L, 0L, 100L));
    }

    @Test
    void aTransactionOverSeveralRequestsIsRefusedAndSaysWhatToDo() {
        assertThatThrownBy(() -> Mono.from(connection.beginTransaction()).block(WAIT))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("keeps no stream")
                .hasMessageContaining("one text or batch");

        assertThat(Mono.from(connection.validate(ValidationDepth.REMOTE)).block(WAIT))
                .isTrue();
    }
}
