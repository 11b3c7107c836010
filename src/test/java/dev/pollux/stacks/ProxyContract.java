package dev.pollux.stacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.Outcome;
import dev.pollux.TaskStatus;
import dev.pollux.Worker;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.proxy.core.Binding;
import io.r2dbc.proxy.core.MethodExecutionInfo;
import io.r2dbc.proxy.core.QueryExecutionInfo;
import io.r2dbc.proxy.core.QueryInfo;
import io.r2dbc.proxy.listener.ProxyExecutionListener;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Under r2dbc-proxy. */
interface ProxyContract extends Stacked {

    /** Keeps what a proxy tells. */
    final class Seen implements ProxyExecutionListener {
        final Queue<String> queries = new ConcurrentLinkedQueue<>();
        final Queue<Object> results = new ConcurrentLinkedQueue<>();
        final Queue<String> methods = new ConcurrentLinkedQueue<>();

        @Override
        public void afterQuery(QueryExecutionInfo info) {
            for (QueryInfo query : info.getQueries()) {
                StringBuilder bound = new StringBuilder(query.getQuery());
                query.getBindingsList().forEach(bindings -> {
                    bindings.getIndexBindings()
                            .forEach(one -> bound.append(" #")
                                    .append(one.getKey())
                                    .append('=')
                                    .append(value(one)));
                    bindings.getNamedBindings()
                            .forEach(one -> bound.append(' ')
                                    .append(one.getKey())
                                    .append('=')
                                    .append(value(one)));
                });
                queries.add(bound + (info.isSuccess() ? "" : " failed"));
            }
        }

        private static Object value(Binding binding) {
            return binding.getBoundValue().isNull()
                    ? "NULL"
                    : binding.getBoundValue().getValue();
        }

        @Override
        public void eachQueryResult(QueryExecutionInfo info) {
            if (info.getCurrentMappedResult() != null) {
                results.add(info.getCurrentMappedResult());
            }
        }

        @Override
        public void afterMethod(MethodExecutionInfo info) {
            methods.add(info.getMethod().getName());
        }
    }

    @Test
    default void aListenerSeesStatementsBindingsResultsAndTransactions() {
        Seen seen = new Seen();
        ConnectionFactory proxied =
                ProxyConnectionFactory.builder(factory()).listener(seen).build();
        run("CREATE TABLE t (a TEXT UNIQUE, b TEXT)");

        Stacked.all(Flux.usingWhen(
                proxied.create(),
                connection -> Mono.from(connection.beginTransaction())
                        .thenMany(connection
                                .createStatement("INSERT INTO t VALUES (?, ?)")
                                .bind(0, "x")
                                .bindNull(1, String.class)
                                .execute())
                        .concatMap(result -> result.getRowsUpdated())
                        .thenMany(connection
                                .createStatement("SELECT a FROM t WHERE a = :a")
                                .bind("a", "x")
                                .execute())
                        .concatMap(result -> result.map(row -> row.get(0, String.class)))
                        .concatWith(Mono.from(connection.commitTransaction()).then(Mono.empty())),
                Connection::close));
        Stacked.all(Flux.usingWhen(
                        proxied.create(),
                        connection -> Flux.from(connection
                                .createStatement("INSERT INTO t VALUES ('x', 'y')")
                                .execute()),
                        Connection::close)
                .onErrorComplete());

        assertThat(seen.queries)
                .containsExactly(
                        "INSERT INTO t VALUES (?, ?) #0=x #1=NULL",
                        "SELECT a FROM t WHERE a = :a a=x",
                        "INSERT INTO t VALUES ('x', 'y') failed");
        assertThat(seen.results).containsExactly(1L, "x");
        assertThat(seen.methods).contains("create", "beginTransaction", "commitTransaction", "close");
    }

    /** The queue sees only the SPI. */
    @Test
    default void theQueueRunsOverAProxy() {
        Seen seen = new Seen();
        ConnectionFactory proxied =
                ProxyConnectionFactory.builder(factory()).listener(seen).build();
        Config config =
                Config.builder("email").bufferSize(10).drainTime(Duration.ZERO).build();
        LibsqlStorage<String> storage = LibsqlStorage.create(proxied, String.class, config);
        storage.setup().block(PATIENCE);
        storage.pushAll(Flux.range(0, 20).map(i -> "mail " + i)).block(PATIENCE);

        List<Outcome<String>> outcomes = Stacked.all(storage.poll(Worker.named("proxied"))
                .transform(storage.lock())
                .flatMap(storage.<String>ack(task -> Mono.just(task.args())), 10)
                .take(20));

        assertThat(outcomes).extracting(Outcome::status).hasSize(20).containsOnly(TaskStatus.DONE);
        assertThat(query(Long.class, "SELECT count(*) FROM Jobs WHERE status = 'Done'"))
                .containsExactly(20L);
        assertThat(seen.queries).isNotEmpty();
    }
}
