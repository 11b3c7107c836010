package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Session;
import dev.pollux.r2dbc.transport.TransactionMode;
import dev.pollux.r2dbc.transport.Work;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A session that answers as it is told and writes down what it was asked. */
final class ScriptedSession implements Session {

    final List<String> log = new ArrayList<>();
    final List<Work> works = new ArrayList<>();
    private final ArrayDeque<Flux<Answer>> answers = new ArrayDeque<>();
    private boolean inTransaction;

    /** Whether a BEGIN waits for ever. */
    boolean neverBegin;

    /** The next work is answered so. */
    ScriptedSession answer(Answer... whole) {
        answers.add(Flux.just(whole));
        return this;
    }

    ScriptedSession fail(Throwable error) {
        answers.add(Flux.error(error));
        return this;
    }

    LibsqlConnection connect() {
        return new LibsqlConnection(
                this, new LibsqlConnectionFactory.Defaults(new SqlCache(1_000), "libSQL", "scripted", null, null));
    }

    @Override
    public Flux<Answer> execute(Work work) {
        return Flux.defer(() -> {
            works.add(work);
            work.calls().forEach(call -> log.add(call.sql()));
            Flux<Answer> answer = answers.poll();
            return answer != null
                    ? answer
                    : Flux.fromIterable(work.calls()).map(call -> Answer.whole(List.of(), List.of(), 0));
        });
    }

    @Override
    public Mono<Void> begin(TransactionMode mode) {
        if (neverBegin) {
            return Mono.never();
        }
        return Mono.fromRunnable(() -> {
            if (inTransaction) {
                throw new IllegalStateException("a transaction is open");
            }
            inTransaction = true;
            log.add(mode.sql());
        });
    }

    @Override
    public Mono<Void> commit() {
        return end("COMMIT");
    }

    @Override
    public Mono<Void> rollback() {
        return end("ROLLBACK");
    }

    private Mono<Void> end(String how) {
        return Mono.fromRunnable(() -> {
            if (inTransaction) {
                inTransaction = false;
                log.add(how);
            }
        });
    }

    @Override
    public boolean inTransaction() {
        return inTransaction;
    }

    @Override
    public Mono<Boolean> validate(boolean remote) {
        return Mono.error(new IllegalStateException("broken"));
    }

    @Override
    public void statementTimeout(@Nullable Duration timeout) {
        log.add("statementTimeout " + timeout);
    }

    @Override
    public void lockWaitTimeout(@Nullable Duration timeout) {
        log.add("lockWaitTimeout " + timeout);
    }

    @Override
    public String databaseVersion() {
        return "3.99.0";
    }

    @Override
    public Mono<Void> close() {
        return end("ROLLBACK");
    }
}
