package dev.pollux.bench;

import dev.pollux.Task;
import dev.pollux.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/**
 * Figure 7: one poll of 100 and one push, by the number of rows that are there already. Synchronous is NORMAL, so that no
 * fsync hides what they cost.
 */
final class FlatCostFigures implements Suite {

    private static final int BATCH = 100;
    private static final int POLLS = 5;
    private static final int DUE = 1_000;
    private static final int PUSHES = 200;

    /** Rows of which there are many: their number is {@code :rows}, and each has a number {@code i} from 1. */
    private enum Kind {
        PENDING("pending", "'Pending', unixepoch() - 1, NULL, NULL, NULL, 0"),
        FUTURE("future", "'Pending', unixepoch() + 86400 + i, NULL, NULL, NULL, 0"),
        FINISHED("finished", "'Done', unixepoch() - 1, '{\"Ok\":null}', 'bench', unixepoch(), 0"),
        PRIORITIES("pending of 10 priorities", "'Pending', unixepoch() - 1, NULL, NULL, NULL, i % 10");

        final String text;
        final String values;

        Kind(String text, String values) {
            this.text = text;
            this.values = values;
        }

        /** Whether a poll finds none among its rows. */
        boolean isOutOfReach() {
            return this == FUTURE || this == FINISHED;
        }
    }

    private final Path folder;
    private final Scale scale;
    private final Map<Path, Filled> filled = new HashMap<>();

    FlatCostFigures(Path folder, Scale scale) {
        this.folder = folder;
        this.scale = scale;
    }

    @Override
    public List<Figure> figures() {
        int most = scale.of(1_000_000, 50_000);
        int more = scale.of(100_000, 10_000);
        int few = 1_000;
        List<Figure> figures = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            figures.add(new Figure(
                    "7 at " + Scale.text(most) + " " + kind.text,
                    List.of(new Measure("poll of " + BATCH, "ms"), new Measure("push", "ms")),
                    true,
                    List.of(
                            // Ratios are to the smallest table.
                            contender("most rows", kind, most),
                            contender(Scale.text(few) + " rows", kind, few),
                            contender(Scale.text(more) + " rows", kind, more))));
        }
        return figures;
    }

    private Contender contender(String name, Kind kind, int rows) {
        Path file = folder.resolve("flat-" + kind + "-" + rows + ".db");
        return new Contender(name, () -> {
            Filled database = filled.get(file);
            if (database == null) {
                database = new Filled(file, kind, rows);
                filled.put(file, database);
            }
            return new double[] {database.poll(), database.push()};
        });
    }

    /** A queue in a file that has many rows. */
    private static final class Filled {

        private final TestDatabase database;
        private final PolluxQueue queue;
        private final long lastRow;

        Filled(Path file, Kind kind, int rows) {
            String url = "r2dbc:libsql:file://" + file + "?synchronous=NORMAL";
            database = TestDatabase.at(url);
            queue = new PolluxQueue(url, settings -> settings.bufferSize(BATCH).drainTime(Duration.ZERO));
            fill(kind, 0, rows);
            if (kind.isOutOfReach()) {
                fill(Kind.PENDING, rows, DUE);
            }
            lastRow = database.number("SELECT max(rowid) FROM Jobs");
        }

        private void fill(Kind kind, int after, int rows) {
            Mail mail = Mail.number(0);
            database.sql(String.format(
                    "WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < %d)"
                            + " INSERT INTO Jobs (job, id, job_type, metadata, status, run_at, last_error, lock_by, done_at,"
                            + " priority) SELECT CAST('{\"to\":\"%s\",\"subject\":\"%s\"}' AS BLOB),"
                            + " printf('01JD%%022d', i + %d), 'mail', '{}', %s FROM number",
                    rows, mail.to(), mail.subject(), after, kind.values));
        }

        /** The time of a poll, in ms. The tasks are given back. */
        double poll() throws Exception {
            CompletableFuture<Long> time = new CompletableFuture<>();
            queue.poll().subscribe(new Polls(time));
            double millis = time.get(1, TimeUnit.MINUTES) / 1e6 / POLLS;
            queue.awaitWorkers();
            return millis;
        }

        /** The time of a push, in ms. The tasks are removed. */
        double push() {
            double millis = queue.pushOneByOne(PUSHES).millis(0.5);
            database.sql("DELETE FROM Jobs WHERE rowid > " + lastRow);
            return millis;
        }
    }

    /** Asks for as many tasks as one poll gives, once so that the worker is at work, and then for the time. */
    private static final class Polls extends BaseSubscriber<Task<Mail>> {

        private final CompletableFuture<Long> time;
        private int polled;
        private long start;

        Polls(CompletableFuture<Long> time) {
            this.time = time;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            request(BATCH);
        }

        @Override
        protected void hookOnNext(Task<Mail> task) {
            polled++;
            if (polled == BATCH) {
                start = System.nanoTime();
            } else if (polled == BATCH * (1 + POLLS)) {
                time.complete(System.nanoTime() - start);
                cancel();
                return;
            }
            if (polled % BATCH == 0) {
                request(BATCH);
            }
        }

        @Override
        protected void hookOnError(Throwable error) {
            time.completeExceptionally(error);
        }
    }
}
