package dev.pollux.faults;

import dev.pollux.AbortError;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;

/**
 * A handler that does what no handler should.
 *
 * @param name what it does
 * @param end what becomes of its task
 * @param words what the task's error says then, if it has one
 * @param body does it; is given the run's id, which is the result of those that have one
 */
record HostileHandler(String name, End end, String words, Body body) {

    private static final Duration MOMENT = Duration.ofMillis(1);

    /** What becomes of a hostile handler's task. */
    enum End {
        /** It is Done with the run's id. */
        DONE,
        /** It is Done with null. */
        EMPTY,
        /** It fails each time, until it has no tries left. */
        FAILED,
        /** It is killed at once. */
        KILLED,
        /** It stays leased until its poll is cancelled. */
        HANGS
    }

    /** A handler that may throw anything. */
    @FunctionalInterface
    interface Body {
        Publisher<String> apply(String run) throws Throwable;
    }

    /** Throws, or makes, something that is thrown. */
    @FunctionalInterface
    private interface Thrower {
        Throwable raise() throws Throwable;

        /** What it throws or makes. */
        default Throwable error() {
            try {
                return raise();
            } catch (Throwable e) {
                return e;
            }
        }

        /** Throws it, declared or not. */
        @SuppressWarnings("TypeParameterUnusedInFormals")
        default <V> V thrown() {
            return HostileHandler.<V, RuntimeException>sneak(error());
        }
    }

    Publisher<String> run(String run) {
        try {
            return body.apply(run);
        } catch (Throwable e) {
            return sneak(e);
        }
    }

    @SuppressWarnings({"unchecked", "DoNotCallSuggester", "TypeParameterUnusedInFormals"})
    static <V, E extends Throwable> V sneak(Throwable error) throws E {
        throw (E) error;
    }

    /** All of them. */
    static List<HostileHandler> all() {
        List<HostileHandler> all = new ArrayList<>();
        addThrowing(all);
        addFailing(all);
        addAborting(all);
        addRuleBreaking(all);
        addHanging(all);
        return all;
    }

    /** Those whose tasks end by themselves, or those whose tasks do not. */
    static List<HostileHandler> that(boolean hang) {
        return all().stream()
                .filter(handler -> (handler.end() == End.HANGS) == hang)
                .toList();
    }

    /** Every kind of error in every place. */
    private static void addThrowing(List<HostileHandler> all) {
        throwing(
                all,
                "an exception",
                "java.lang.IllegalStateException: on purpose",
                () -> new IllegalStateException("on purpose"));
        throwing(all, "a checked exception", "java.io.IOException: on purpose", () -> new IOException("on purpose"));
        throwing(all, "an interruption", "java.lang.InterruptedException: on purpose", () -> {
            Thread.currentThread().interrupt();
            return new InterruptedException("on purpose");
        });
        throwing(all, "an assertion", "java.lang.AssertionError: on purpose", () -> new AssertionError("on purpose"));
        throwing(all, "no memory", "java.lang.OutOfMemoryError: ", () -> {
            throw new IllegalStateException("unexpected: " + Arrays.hashCode(new long[Integer.MAX_VALUE]));
        });
        throwing(all, "no stack", "java.lang.StackOverflowError", () -> {
            throw new IllegalStateException("unexpected: " + endless(1));
        });
        throwing(
                all,
                "no class",
                "java.lang.NoClassDefFoundError: on/Purpose",
                () -> new NoClassDefFoundError("on/Purpose"));
        throwing(
                all,
                "a broken class",
                "java.lang.ExceptionInInitializerError: on purpose",
                () -> new ExceptionInInitializerError("on purpose"));
        throwing(all, "a thread's death", "java.lang.ThreadDeath", ThreadDeath::new);
        throwing(
                all,
                "a fatal exception of Reactor's",
                "on purpose",
                () -> Exceptions.errorCallbackNotImplemented(new IOException("on purpose")));
        throwing(
                all,
                "a bubbling exception",
                "java.io.IOException: on purpose",
                () -> Exceptions.bubble(new IOException("on purpose")));
        throwing(
                all,
                "an error without words",
                Unspeakable.class.getName(),
                () -> new Unspeakable(HostileHandler::nothing));
        throwing(
                all,
                "an error whose words fail",
                Unspeakable.class.getName(),
                () -> new Unspeakable(() -> {
                    throw new IllegalStateException("no words");
                }));
        throwing(
                all,
                "an error whose words never end",
                Unspeakable.class.getName(),
                () -> new Unspeakable(() -> "" + endless(1)));
        throwing(all, "an error of many words", "xxxxx...", () -> new IllegalStateException("x".repeat(1 << 20)));
        throwing(all, "an error that is its own cause's cause", "java.lang.IllegalStateException: on purpose", () -> {
            Exception cause = new IOException("on purpose");
            Exception error = new IllegalStateException("on purpose", cause);
            cause.initCause(error);
            return error;
        });
    }

    private static int endless(int depth) {
        return depth == 0 ? 0 : 1 + endless(depth + 1);
    }

    private static void throwing(List<HostileHandler> all, String error, String words, Thrower thrower) {
        all.add(failing("throws " + error, words, run -> thrower.thrown()));
        all.add(failing("when subscribed to, throws " + error, words, run -> Mono.defer(thrower::thrown)));
        all.add(failing("as a bare publisher, throws " + error, words, run -> subscriber -> thrower.thrown()));
        all.add(failing("once subscribed to, throws " + error, words, run -> signals(subscriber -> thrower.thrown())));
        all.add(failing("fails with " + error, words, run -> Mono.error(thrower.error())));
        all.add(failing(
                "after some values, fails with " + error,
                words,
                run -> Flux.range(0, 100).map(i -> run + i).concatWith(Mono.error(thrower.error()))));
        all.add(failing(
                "on another thread, fails with " + error,
                words,
                run -> Mono.create(sink -> Schedulers.boundedElastic().schedule(() -> sink.error(thrower.error())))));
    }

    private static void addFailing(List<HostileHandler> all) {
        all.add(failing("gives no publisher", "java.lang.NullPointerException", run -> nothing()));
        all.add(failing("emits null", "java.lang.NullPointerException", run -> signals(s -> s.onNext(nothing()))));
        all.add(failing(
                "fails with null", "java.lang.NullPointerException", run -> signals(s -> s.onError(nothing()))));
        all.add(failing(
                "fails twice",
                "IllegalStateException: first",
                run -> signals(s -> {
                    s.onError(new IllegalStateException("first"));
                    s.onError(new IllegalStateException("dropped: fails twice"));
                })));
        all.add(failing(
                "does not bear a request",
                "IllegalStateException: request",
                run -> subscriber -> subscriber.onSubscribe(subscription(
                        () -> {
                            throw new IllegalStateException("request");
                        },
                        () -> {}))));
        all.add(failing("blocks where it must not", "IllegalStateException: block()", run -> {
            Mono.never().block(Duration.ofSeconds(1));
            return Mono.just(run);
        }));
        all.add(failing(
                "meets no memory on another thread, in a time limit",
                "TimeoutException",
                run -> later(() -> new OutOfMemoryError("on purpose")).timeout(Duration.ofMillis(100))));
    }

    private static void addAborting(List<HostileHandler> all) {
        Thrower abort = () -> new AbortError("on purpose");
        all.add(aborting("throws an abort", run -> abort.thrown()));
        all.add(aborting("throws a wrapped abort", run -> {
            throw Exceptions.bubble(abort.error());
        }));
        all.add(aborting(
                "is a future that fails with an abort",
                run -> Mono.fromFuture(CompletableFuture.supplyAsync(abort::thrown))));
        all.add(aborting("after some values, aborts", run -> Flux.just(run).concatWith(Mono.error(abort.error()))));
    }

    private static void addRuleBreaking(List<HostileHandler> all) {
        all.add(new HostileHandler("gives nothing", End.EMPTY, "", run -> Mono.empty()));
        all.add(new HostileHandler(
                "ends on another thread and gives nothing",
                End.EMPTY,
                "",
                run -> Mono.delay(MOMENT).then(Mono.empty())));
        all.add(done(
                "emits much", run -> Flux.range(0, 100_000).map(i -> "" + i).concatWith(Mono.just(run))));
        all.add(done(
                "emits after its end",
                run -> signals(s -> {
                    s.onNext(run);
                    s.onComplete();
                    s.onNext("late");
                })));
        all.add(done(
                "ends twice",
                run -> signals(s -> {
                    s.onNext(run);
                    s.onComplete();
                    s.onComplete();
                })));
        all.add(done(
                "fails after its end",
                run -> signals(s -> {
                    s.onNext(run);
                    s.onComplete();
                    s.onError(new IllegalStateException("dropped: fails after its end"));
                })));
        all.add(done(
                "throws after its end",
                run -> signals(s -> {
                    s.onNext(run);
                    s.onComplete();
                    throw new IllegalStateException("dropped: throws after its end");
                })));
        all.add(done(
                "throws an error after its end",
                run -> signals(s -> {
                    s.onNext(run);
                    s.onComplete();
                    throw new NoClassDefFoundError("dropped: throws an error after its end");
                })));
        all.add(done(
                "subscribes twice",
                run -> signals(s -> {
                    s.onSubscribe(Operators.emptySubscription());
                    s.onNext(run);
                    s.onComplete();
                })));
        all.add(done("ends without a subscription", run -> s -> {
            s.onNext(run);
            s.onComplete();
        }));
        all.add(done(
                "ends on many threads at once",
                run -> signals(s -> Flux.range(0, 4)
                        .flatMap(i -> Mono.fromRunnable(() -> {
                                    s.onNext(run);
                                    s.onComplete();
                                })
                                .subscribeOn(Schedulers.boundedElastic()))
                        .subscribe())));
    }

    private static void addHanging(List<HostileHandler> all) {
        all.add(hanging("never ends", run -> Mono.never()));
        all.add(hanging("never subscribes", run -> subscriber -> {}));
        all.add(hanging(
                "emits and never ends", run -> Flux.range(0, 100).map(i -> run).concatWith(Mono.never())));
        all.add(hanging("cancels itself", run -> Mono.<String>never().doOnSubscribe(Subscription::cancel)));
        all.add(hanging(
                "ends when it is cancelled",
                run -> ending(s -> {
                    s.onNext(run);
                    s.onComplete();
                })));
        all.add(hanging(
                "fails when it is cancelled",
                run -> ending(s -> s.onError(new IllegalStateException("dropped: fails when it is cancelled")))));
        all.add(hanging(
                "throws when it is cancelled",
                run -> ending(s -> {
                    throw new IllegalStateException("dropped: throws when it is cancelled");
                })));
        all.add(hanging(
                "throws an error when it is cancelled",
                run -> ending(s -> {
                    throw new NoClassDefFoundError("dropped: throws an error when it is cancelled");
                })));
        // Reactor throws these on, past the pipeline, so nobody who subscribed hears of them.
        all.add(hanging("meets no memory on another thread", run -> later(() -> new OutOfMemoryError("on purpose"))));
        all.add(hanging(
                "meets no stack on another thread",
                run -> later(() -> {
                    throw new IllegalStateException("unexpected: " + endless(1));
                })));
        all.add(hanging(
                "meets no class on another thread", run -> later(() -> new NoClassDefFoundError("on purpose"))));
    }

    private static HostileHandler done(String name, Body body) {
        return new HostileHandler(name, End.DONE, "", body);
    }

    private static HostileHandler failing(String name, String words, Body body) {
        return new HostileHandler(name, End.FAILED, words, body);
    }

    private static HostileHandler aborting(String name, Body body) {
        return new HostileHandler(name, End.KILLED, "dev.pollux.AbortError: on purpose", body);
    }

    private static HostileHandler hanging(String name, Body body) {
        return new HostileHandler(name, End.HANGS, "", body);
    }

    /** Emits a script's signals, on the subscriber's thread and however little was asked for. */
    private static Publisher<String> signals(Consumer<Subscriber<? super String>> script) {
        return subscriber -> {
            subscriber.onSubscribe(Operators.emptySubscription());
            script.accept(subscriber);
        };
    }

    /** Does nothing until it is cancelled. */
    private static Publisher<String> ending(Consumer<Subscriber<? super String>> script) {
        return subscriber -> subscriber.onSubscribe(subscription(() -> {}, () -> script.accept(subscriber)));
    }

    private static Subscription subscription(Runnable request, Runnable cancel) {
        return new Subscription() {
            @Override
            public void request(long n) {
                request.run();
            }

            @Override
            public void cancel() {
                cancel.run();
            }
        };
    }

    private static Mono<String> later(Thrower thrower) {
        return Mono.delay(MOMENT).map(tick -> thrower.thrown());
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    static <V> V nothing() {
        return Stream.<V>empty().findFirst().orElse(null);
    }

    /** An error that does not say what it is. */
    static final class Unspeakable extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final transient Supplier<String> words;

        Unspeakable(Supplier<String> words) {
            this.words = words;
        }

        @Override
        public String getMessage() {
            return words.get();
        }

        @Override
        public String toString() {
            return words.get();
        }
    }
}
