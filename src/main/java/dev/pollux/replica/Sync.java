package dev.pollux.replica;

import dev.pollux.TaskId;
import dev.pollux.replica.LocalFile.Page;
import dev.pollux.replica.LocalFile.Settlement;
import dev.pollux.replica.RemoteDatabase.Feed;
import dev.pollux.replica.RemoteDatabase.Greeting;
import dev.pollux.replica.RemoteDatabase.Sent;
import dev.pollux.replica.RemoteDatabase.Who;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One sync. First it hears what became of our tasks, so that it is sure which of them we hold; then it sends what was changed here,
 * and last it gives back what nobody here polls for. Each step is written before the next is taken, so a break costs nothing.
 */
final class Sync {

    /** Hears, after each page, what has changed. */
    interface Progress {
        /** So many changes are still to be sent. */
        void unsent(long left);

        /** So many more tasks are held than before; less than 0 for fewer. */
        void held(long more);
    }

    private final LocalFile file;
    private final RemoteDatabase remote;
    private final Identity me;
    private final HoldClock holds;
    private final DoubleSupplier rest;
    private final Progress progress;
    private final long began = System.nanoTime();
    private final List<TaskId> refused = new ArrayList<>();
    private final List<TaskId> tooLarge = new ArrayList<>();
    /** How many changes go in the next page. */
    private int pageTasks = LocalFile.PAGE_TASKS;

    private long sent;
    private long taken;
    private long heard;
    private long returned;

    /**
     * @param rest how long to do nothing after a page while others change something, as a multiple of the time it took; 0 for never
     */
    Sync(LocalFile file, RemoteDatabase remote, Identity me, HoldClock holds, DoubleSupplier rest, Progress progress) {
        this.file = file;
        this.remote = remote;
        this.me = me;
        this.holds = holds;
        this.rest = rest;
        this.progress = progress;
    }

    /**
     * Notes that a talk begins. Each has a name of its own, so of two files with one id that both missed the answer to the last one,
     * only the first to come is let in.
     *
     * @return what the file is in this talk
     */
    static Mono<Identity> begin(LocalFile file, Connection remote) {
        return file.identity()
                .flatMap(me -> (me.asked().isEmpty() && !me.forced()
                                ? Mono.just(Optional.<String>empty())
                                : RemoteDatabase.lastTalk(remote, me.id()))
                        .map(last -> me.withTalk(last, TaskId.next().value())))
                .flatMap(file::noteTalks);
    }

    /** Does it. */
    Mono<SyncReport> run() {
        return file.demand()
                .flatMap(demand -> {
                    long asked = System.nanoTime();
                    return remote.hello(demand)
                            .flatMap(greeting -> agree(greeting, asked))
                            .flatMap(greeting -> hear(greeting.feed(), asked));
                })
                .then(file.lastChange().flatMap(this::send))
                .then(file.thaw())
                .then(Mono.defer(this::giveBack))
                .then(file.counts())
                .map(counts -> new SyncReport(
                        sent,
                        taken,
                        heard,
                        returned,
                        refused,
                        tooLarge,
                        counts.unsent(),
                        remote.requests(),
                        Duration.ofNanos(System.nanoTime() - began)));
    }

    private Mono<Greeting> agree(Greeting greeting, long asked) {
        return Mono.fromRunnable(() -> check(greeting.who()))
                // It did not take place, and is not to take the room of one that may have.
                .onErrorResume(
                        ReplicaException.class,
                        error -> file.noteTalks(me.refused()).then(Mono.error(error)))
                .then(Mono.defer(() -> {
                    holds.renew(asked);
                    return file.agreed(greeting.who().remote(), greeting.feed().turn(), me.talk(), holds.left(asked));
                }))
                .thenReturn(greeting);
    }

    private void check(Who there) {
        String name = "replica " + me.id() + ": ";
        if (me.remote() != null && !me.remote().equals(there.remote())) {
            throw new ReplicaException(
                    name
                            + "the remote database is not the one that this file has synced with: it was made anew, or the URL names"
                            + " another. Nothing was changed. Use the right URL, or call rejoinAfterReset()",
                    null);
        }
        if (me.talk().equals(there.nonce())) {
            return;
        }
        if (there.turn() == null) {
            throw new ReplicaException(
                    name
                            + "the remote database does not know this replica: it was restored from a backup, or has not heard of the"
                            + " replica for 90 days. Nothing was changed. Call rejoinAfterReset()",
                    null);
        }
        if (there.turn() < me.turn()) {
            throw new ReplicaException(
                    name
                            + "the remote database is at an earlier state than this file: it was restored from a backup. Nothing was"
                            + " changed. Call rejoinAfterReset() on every replica of it",
                    null);
        }
        throw new ReplicaException(
                name
                        + "another file with this id has synced since this one did: this file was copied, or restored from a"
                        + " backup. Nothing was changed. Call rejoinAfterCopy() on all copies but one",
                null);
    }

    /** A part of what there is to hear, and when it was asked for. */
    private record Heard(Feed feed, long asked) {}

    /** Writes what there is to hear, and only then asks for more: what was asked for beyond it, the remote forgets. */
    private Mono<Void> hear(Feed first, long firstAsked) {
        return Flux.just(new Heard(first, firstAsked))
                .expand(part -> write(part).then(part.feed().last() ? Mono.empty() : hearMore(part.feed())))
                .last()
                .flatMap(part -> file.holds(holds.left(part.asked())));
    }

    private Mono<Heard> hearMore(Feed before) {
        return Mono.defer(() -> {
            long asked = System.nanoTime();
            return remote.feed(before.cursor()).map(feed -> {
                holds.renew(asked);
                return new Heard(feed, asked);
            });
        });
    }

    private Mono<Void> write(Heard part) {
        Map<String, TaskState> latest = new LinkedHashMap<>();
        part.feed().tasks().forEach(task -> latest.put(task.id(), task));
        if (latest.isEmpty()) {
            return Mono.empty();
        }
        long held = latest.values().stream().filter(TaskState::held).count();
        heard += latest.size();
        taken += held;
        Feed feed = part.feed();
        return file.apply(latest.values(), feed.cursor(), feed.turn(), holds.left(part.asked()))
                .then(Mono.fromRunnable(() -> progress.held(held)));
    }

    /** Sends what was changed up to there: who changes things all the time would never see an end otherwise. */
    private Mono<Void> send(long last) {
        return last == 0
                ? Mono.empty()
                : Mono.defer(() -> sendPage(last))
                        .repeat()
                        .takeUntil(all -> all)
                        .then();
    }

    /** Whether all is sent. */
    private Mono<Boolean> sendPage(long last) {
        long from = System.nanoTime();
        return file.nextPage(pageTasks)
                .flatMap(page -> send(page)
                        .onErrorResume(Sync::isTooLarge, error -> sendLess(page))
                        .flatMap(done -> done ? sent(page, last, from) : Mono.just(false)))
                .defaultIfEmpty(true);
    }

    private Mono<Boolean> sent(Page page, long last, long from) {
        progress.unsent(Math.max(0, last - page.last()));
        return rest(page, from).thenReturn(page.last() >= last);
    }

    /** Emits true. */
    private Mono<Boolean> send(Page page) {
        return Mono.defer(() -> {
            long asked = System.nanoTime();
            return remote.send(page.tasks())
                    .doOnNext(answer -> holds.renew(asked))
                    .flatMap(answer -> settle(page, answer, holds.left(asked)))
                    .then(Mono.fromSupplier(() -> {
                        pageTasks = Math.min(LocalFile.PAGE_TASKS, 2 * pageTasks);
                        return true;
                    }));
        });
    }

    /**
     * What the remote does not take at once it may take in parts; of a task that it does not take alone, without its result; and what it
     * does not take even so stays in the file.
     *
     * @return emits whether the page is done with, and is not to be tried again as a smaller one
     */
    private Mono<Boolean> sendLess(Page page) {
        int tasks = page.tasks().size();
        if (tasks > 1) {
            pageTasks = tasks / 2;
            return Mono.just(false);
        }
        return send(page.withoutResults()).onErrorResume(Sync::isTooLarge, error -> {
            tooLarge.add(new TaskId(page.tasks().get(0).id()));
            return file.leaveOut(page).thenReturn(true);
        });
    }

    /** By the SQLSTATE for what exceeds a limit. */
    private static boolean isTooLarge(Throwable error) {
        return error instanceof R2dbcException failed && "54000".equals(failed.getSqlState());
    }

    /** Leaves room for those who work on the file: a moment to see whether anybody does, and more if so. */
    private Mono<Void> rest(Page page, long from) {
        double times = rest.getAsDouble();
        if (times == 0) {
            return Mono.empty();
        }
        long took = System.nanoTime() - from;
        return Mono.delay(holds.pause(took))
                .then(file.lastChange())
                .flatMap(newest ->
                        newest > page.newest() ? Mono.delay(holds.pause((long) (took * (times - 1)))) : Mono.empty())
                .then();
    }

    private Mono<Void> settle(Page page, Sent answer, Duration holdsFor) {
        Map<String, TaskState> different = new LinkedHashMap<>();
        answer.differing().forEach(task -> different.put(task.id(), task));
        List<String> finished = new ArrayList<>();
        List<String> known = new ArrayList<>();
        List<String> outcomesRefused = new ArrayList<>();
        for (TaskState task : page.tasks()) {
            TaskState there = different.get(task.id());
            if (there != null) {
                if (task.ended() || (task.held() && !(task.retried() && there.held()))) {
                    outcomesRefused.add(task.id());
                }
            } else if (task.terms() == null || task.ended()) {
                finished.add(task.id());
            } else {
                known.add(task.id());
            }
        }
        sent += page.tasks().size() - different.size();
        return file.settle(
                        new Settlement(page, answer.turn(), finished, known, outcomesRefused, different.values()),
                        holdsFor)
                .doOnNext(ids -> ids.stream().map(TaskId::new).forEach(refused::add))
                .then();
    }

    private Mono<Void> giveBack() {
        return Mono.defer(this::giveBackPage).repeat().takeUntil(all -> all).then();
    }

    /** Whether there was nothing to give back any more. */
    private Mono<Boolean> giveBackPage() {
        return file.toGiveBack().flatMap(leases -> {
            if (leases.isEmpty()) {
                return Mono.just(true);
            }
            returned += leases.size();
            return remote.giveBack(leases)
                    .flatMap(turn -> file.givenBack(leases.keySet(), turn))
                    .then(Mono.fromRunnable(() -> progress.held(-leases.size())))
                    .thenReturn(false);
        });
    }
}
