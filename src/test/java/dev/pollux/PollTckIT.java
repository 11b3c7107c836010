package dev.pollux;

import dev.pollux.testing.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.SkipException;
import reactor.core.publisher.Flux;

/**
 * The Reactive Streams rules, by their own TCK, on {@code poll}, alone and with a lock. The TCK is written for TestNG;
 * here each of its tests becomes a dynamic JUnit test, and none may find itself not applicable.
 */
class PollTckIT {

    /** Tests of publishers that give the same elements to all subscribers; polls share them out. */
    private static boolean isOfMulticast(String name) {
        return name.startsWith("optional_spec111_multicast");
    }

    @TestFactory
    Stream<DynamicTest> poll() {
        return tests(false);
    }

    @TestFactory
    Stream<DynamicTest> pollWithALock() {
        return tests(true);
    }

    private static Stream<DynamicTest> tests(boolean locks) {
        return Arrays.stream(PublisherVerification.class.getMethods())
                .filter(method -> method.isAnnotationPresent(org.testng.annotations.Test.class))
                // The TCK's own name for rules that no test can check.
                .filter(method -> !method.getName().startsWith("untested_"))
                .filter(method -> !isOfMulticast(method.getName()))
                .sorted(Comparator.comparing(Method::getName))
                .map(method -> DynamicTest.dynamicTest(method.getName(), () -> run(method, locks)));
    }

    /** A poll never ends, so the tests of how a publisher ends run on one that is cut after its last task. */
    private static void run(Method test, boolean locks) throws Throwable {
        try {
            run(test, new PollVerification(locks, false));
        } catch (SkipException endless) {
            try {
                run(test, new PollVerification(locks, true));
            } catch (SkipException skip) {
                throw new AssertionError("the TCK found this test not applicable: " + skip.getMessage(), skip);
            }
        }
    }

    private static void run(Method test, PollVerification verification) throws Throwable {
        verification.setUp();
        try {
            test.invoke(verification);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static final class PollVerification extends PublisherVerification<Task<Email>> {

        private static final Duration PATIENCE = Duration.ofSeconds(20);

        private final LibsqlStorage<Email> storage = storage();

        private final boolean locks;
        private final boolean ends;

        PollVerification(boolean locks, boolean ends) {
            super(new TestEnvironment(3_000, 200));
            this.locks = locks;
            this.ends = ends;
        }

        private static LibsqlStorage<Email> storage() {
            Config config = Config.builder("tck")
                    .drainTime(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(20))
                    .build();
            return LibsqlStorage.create(
                    TestDatabase.at("r2dbc:libsql:mem:///" + TaskId.next()).factory(), Email.class, config);
        }

        @Override
        public Publisher<Task<Email>> createPublisher(long elements) {
            storage.setup().block(PATIENCE);
            storage.pushAll(Flux.range(0, (int) Math.min(elements, 1_000)).map(Email::number))
                    .block(PATIENCE);
            Flux<Task<Email>> poll = poll(storage);
            return ends ? poll.take(elements) : poll;
        }

        /** A poll on a database without tables. */
        @Override
        public Publisher<Task<Email>> createFailedPublisher() {
            return poll(storage());
        }

        private Flux<Task<Email>> poll(LibsqlStorage<Email> from) {
            Flux<Task<Email>> poll = from.poll(Worker.named("tck"));
            return locks ? poll.transform(from.lock()) : poll;
        }

        @Override
        public long maxElementsFromPublisher() {
            return ends ? Long.MAX_VALUE - 1 : publisherUnableToSignalOnComplete();
        }
    }
}
