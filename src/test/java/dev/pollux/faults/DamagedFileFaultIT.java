package dev.pollux.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.Config;
import dev.pollux.LibsqlException;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.SchemaException;
import dev.pollux.TaskId;
import dev.pollux.Worker;
import dev.pollux.testing.TestDatabase;
import io.r2dbc.spi.ConnectionFactories;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** Files that are hurt: deleted, replaced, overwritten, cut off, or left with half a write-ahead log. */
class DamagedFileFaultIT {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int TASKS = 500;
    private static final int PAGE = 4096;

    private final List<OpenConnections> opened = new ArrayList<>();

    @TempDir
    private Path folder;

    private static String url(Path file) {
        return "r2dbc:libsql:file://" + file + "?synchronous=NORMAL";
    }

    /** So that nobody has a file open, or makes one beside it, when the folder is deleted. */
    @AfterEach
    void closeAll() {
        Flux.fromIterable(opened).flatMap(OpenConnections::close).blockLast(PATIENCE);
    }

    private LibsqlStorage<Work> storage(String url) {
        return storage(url, Config.builder(Load.QUEUE).keepAlive(Load.KEEP_ALIVE));
    }

    private LibsqlStorage<Work> storage(String url, Config.Builder config) {
        OpenConnections connections = new OpenConnections(ConnectionFactories.get(url));
        opened.add(connections);
        return LibsqlStorage.create(
                connections, Work.class, config.drainTime(Duration.ZERO).build());
    }

    private static void push(LibsqlStorage<Work> storage, String producer) {
        storage.pushAll(Flux.range(0, TASKS).map(i -> new Work(producer, i))).block(PATIENCE);
    }

    /** A file of its own, with all that was committed in it, that nobody has open. */
    private Path closedFile(String name) throws IOException {
        Path live = folder.resolve("live-" + name);
        LibsqlStorage<Work> storage = storage(url(live));
        storage.setup().block(PATIENCE);
        push(storage, name);
        TestDatabase.at(url(live)).sql("PRAGMA wal_checkpoint(TRUNCATE)");
        return Files.copy(live, folder.resolve(name));
    }

    private static Throwable endOf(CompletableFuture<?> future) {
        return future.handle((value, error) -> {
                    Throwable end = error == null ? new AssertionError("no error, but " + value) : error;
                    return end instanceof CompletionException && end.getCause() != null ? end.getCause() : end;
                })
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /** Checks that calls ended with an error in these words. */
    private static void assertRefused(String fault, List<Throwable> ends, String... words) {
        List<Throwable> others = ends.stream()
                .filter(error -> !(error instanceof LibsqlException)
                        || !Stream.of(words).allMatch(String.valueOf(error.getMessage())::contains))
                .toList();
        Report.addInputs(fault, ends.size(), others.size());
        assertThat(others).isEmpty();
    }

    // ---- deleted and replaced

    private void replace(Path by, Path file) throws IOException {
        Files.move(by, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void workGoesOnInAFileThatHasTakenTheOthersPlace() throws Exception {
        int rounds = Scale.of(2, 20);
        Path file = folder.resolve("queue.db");
        AtomicBoolean enough = new AtomicBoolean();
        TestDatabase database = TestDatabase.at(url(file));
        try (LoadHere load =
                new LoadHere(database, folder, () -> ConnectionFactories.get(url(file)), config -> config)) {
            load.setUp();
            load.startWorkers(1);
            CompletableFuture<Long> pushed = load.push("before", enough::get).toFuture();
            for (int i = 0; i < rounds; i++) {
                Path next = closedFile("next" + i);
                replace(next, file);
                // Also what was in the new file; and its own pages, not those of the old one's log.
                database.becomes(
                                "SELECT count(*) FROM Jobs WHERE status = 'Done' AND job ->> 'producer' = 'next" + i
                                        + "'",
                                (long) TASKS,
                                Flux.interval(Duration.ofMillis(50)))
                        .retry()
                        .block(PATIENCE);
                assertThat(database.value("PRAGMA integrity_check")).isEqualTo("ok");
            }
            enough.set(true);
            assertThat(pushed).succeedsWithin(PATIENCE);
            load.awaitAllEnded();
            Report.add("6 file replaced under work", rounds, verdict(database));
        }
    }

    /** Of the tasks in the last file; those of the ones before went with their files. */
    private Verdict verdict(TestDatabase database) throws IOException {
        Map<String, Long> runs = Ledgers.read(folder).runs().values().stream()
                .collect(Collectors.groupingBy(Ledgers.Run::task, Collectors.counting()));
        int tasks = 0;
        int lost = 0;
        long duplicated = 0;
        for (List<?> row : database.sql("SELECT id, attempts + 1, status = 'Done' FROM Jobs")) {
            long times = runs.getOrDefault((String) row.get(0), 0L);
            tasks++;
            lost += times == 0 || row.get(2).equals(0L) ? 1 : 0;
            duplicated += Math.max(0, times - (Long) row.get(1));
        }
        return new Verdict(tasks, lost, (int) duplicated, List.of());
    }

    @Test
    void aPushThatCompletesAfterAReplacementIsInTheNewFile() throws Exception {
        int rounds = Scale.of(5, 100);
        Path file = folder.resolve("queue.db");
        Path template = closedFile("template");
        Files.copy(template, file);
        LibsqlStorage<Work> storage = storage("r2dbc:libsql:file://" + file);
        long there = 0;
        long extra = 0;
        for (int i = 0; i < rounds; i++) {
            storage.push(new Work("old", i)).block(PATIENCE);
            replace(Files.copy(template, folder.resolve("copy")), file);
            TaskId id = TaskId.next();
            storage.push(NewTask.of(new Work("new", i)).id(id)).block(PATIENCE);
            TestDatabase database = TestDatabase.at(url(file));
            there += database.number("SELECT count(*) FROM Jobs WHERE id = '" + id + "'");
            extra += database.number("SELECT count(*) FROM Jobs WHERE id <> '" + id + "'") - TASKS;
            assertThat(database.value("PRAGMA integrity_check")).isEqualTo("ok");
        }
        Report.add("6 file replaced", rounds, new Verdict(rounds, rounds - (int) there, (int) extra, List.of()));
    }

    /** It does not know the worker, which would say who it is at its next beat only. */
    @Test
    void aPollFindsWhatWaitsInTheNewFileAtOnce() throws Exception {
        Path file = closedFile("queue.db");
        Path next = closedFile("next");
        LibsqlStorage<Work> storage = storage(
                url(file),
                Config.builder(Load.QUEUE)
                        .keepAlive(Duration.ofMinutes(10))
                        .reenqueueOrphanedAfter(Duration.ofMinutes(20)));
        AtomicBoolean replaced = new AtomicBoolean();

        storage.poll(Worker.named("w"))
                .publishOn(Schedulers.boundedElastic())
                .doOnNext(task -> {
                    if (!replaced.getAndSet(true)) {
                        try {
                            replace(next, file);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                })
                .filter(task -> task.args().producer().equals("next"))
                .blockFirst(PATIENCE);
    }

    @Test
    void aDeletedFileEndsThePollAndIsNotCreatedAnew() throws Exception {
        Path file = closedFile("queue.db");
        LibsqlStorage<Work> storage = storage(url(file));
        CompletableFuture<?> poll = storage.poll(Worker.named("w")).then().toFuture();
        storage.push(new Work("first", 1)).block(PATIENCE);

        Files.delete(file);

        assertRefused(
                "6 file deleted",
                List.of(endOf(poll), endOf(storage.push(new Work("lost", 1)).toFuture())),
                "queue.db",
                "the file was deleted",
                "put it back");
        assertThat(file).doesNotExist();
    }

    @Test
    void aFileWithoutTheTablesEndsThePoll() throws Exception {
        Path file = closedFile("queue.db");
        Path other = folder.resolve("other.db");
        TestDatabase.at(url(other)).sql("CREATE TABLE other (a)");
        LibsqlStorage<Work> storage = storage(url(file));
        CompletableFuture<?> poll = storage.poll(Worker.named("w")).then().toFuture();
        storage.push(new Work("first", 1)).block(PATIENCE);

        replace(other, file);

        assertThat(endOf(poll)).isInstanceOf(SchemaException.class).hasMessageContaining("call setup()");
    }

    // ---- damaged

    private enum Damage {
        HEADER("its header", "not a SQLite database"),
        TASKS("a table", "damaged"),
        READY_INDEX("an index", "damaged"),
        SCHEMA("its schema", "damaged"),
        CUT("cut off", "damaged");

        private final String part;
        private final String words;

        Damage(String part, String words) {
            this.part = part;
            this.words = words;
        }
    }

    /** Damages a file; gives the page that it did this to, or 1 for all of the file. */
    private static long damage(Path file, Damage what) throws IOException {
        TestDatabase database = TestDatabase.at(url(file));
        long page = switch (what) {
            case TASKS -> database.number("SELECT rootpage FROM sqlite_schema WHERE name = 'Jobs'");
            case READY_INDEX -> database.number("SELECT rootpage FROM sqlite_schema WHERE name = 'PolluxReady'");
            default -> 1;
        };
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            if (what == Damage.CUT) {
                bytes.setLength(bytes.length() / PAGE / 4 * PAGE);
                return page;
            }
            byte[] garbage = new byte[what == Damage.HEADER ? 100 : PAGE - 100];
            Scale.random().nextBytes(garbage);
            bytes.seek((page - 1) * PAGE + (what == Damage.SCHEMA ? 100 : 0));
            bytes.write(garbage);
        }
        return page;
    }

    private static byte[] from(long page, Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        return page == 1 ? all : Arrays.copyOfRange(all, (int) (page - 1) * PAGE, (int) page * PAGE);
    }

    @ParameterizedTest
    @EnumSource
    void aDamagedFileIsToldOfAndNotWrittenOver(Damage damage) throws Exception {
        Path file = closedFile("queue.db");
        long page = damage(file, damage);
        byte[] before = from(page, file);
        LibsqlStorage<Work> storage = storage(url(file));

        assertRefused(
                "6 file damaged: " + damage.part,
                List.of(
                        endOf(storage.poll(Worker.named("w")).then().toFuture()),
                        endOf(storage.push(new Work("lost", 1)).toFuture())),
                "queue.db",
                damage.words);
        assertThat(Arrays.equals(from(page, file), before)).isTrue();
    }

    // ---- left by a crash

    /** The commits of a queue: the id of each task, and how long the log was when it was there. */
    private record Commit(TaskId id, long logLength) {}

    @Test
    void aLogThatIsCutOffGivesWhatWasCommittedBeforeTheCut() throws Exception {
        int cuts = Scale.of(20, 500);
        Random random = Scale.random();
        Path file = folder.resolve("queue.db");
        Path log = folder.resolve("queue.db-wal");
        LibsqlStorage<Work> storage = storage(url(file));
        storage.setup().block(PATIENCE);
        TestDatabase.at(url(file)).sql("PRAGMA wal_checkpoint(TRUNCATE)");
        List<Commit> commits = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            TaskId id = TaskId.next();
            storage.push(NewTask.of(new Work("crash", i)).id(id)).block(PATIENCE);
            commits.add(new Commit(id, Files.size(log)));
        }
        Verdict all = new Verdict(0, 0, 0, List.of());
        for (int i = 0; i < cuts; i++) {
            long cut = random.nextLong(Files.size(log) + 1);
            Path copy = Files.createDirectory(folder.resolve("cut" + i)).resolve("queue.db");
            Files.copy(file, copy);
            byte[] left = Files.readAllBytes(log);
            byte[] garbage = new byte[random.nextInt(10_000)];
            random.nextBytes(garbage);
            try (RandomAccessFile bytes = new RandomAccessFile(copy + "-wal", "rw")) {
                bytes.write(left, 0, (int) cut);
                if (random.nextBoolean()) {
                    bytes.write(garbage);
                }
            }
            TestDatabase database = TestDatabase.at(url(copy));
            all = all.and(afterCut(database, commits, cut));
            assertThat(database.value("PRAGMA integrity_check")).isEqualTo("ok");
        }
        Report.add("6 WAL cut off", cuts, all);
    }

    /** What was committed before a cut must be there, and nothing else. */
    private static Verdict afterCut(TestDatabase database, List<Commit> commits, long cut) {
        List<String> expected = commits.stream()
                .filter(commit -> commit.logLength() <= cut)
                .map(commit -> commit.id().value())
                .toList();
        List<String> there = database.sql("SELECT id FROM Jobs ORDER BY id").stream()
                .map(row -> (String) row.get(0))
                .toList();
        List<String> wrong = there.equals(expected) ? List.of() : List.of("cut at " + cut + ": " + there);
        return new Verdict(
                expected.size(),
                (int) expected.stream().filter(id -> !there.contains(id)).count(),
                Math.max(0, there.size() - expected.size()),
                wrong);
    }
}
