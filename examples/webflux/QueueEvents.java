package webflux;

import dev.pollux.StorageEvent;
import dev.pollux.StorageListener;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What the queue tells of this process: the states that tasks enter, and whether the worker is at work. */
@Component
final class QueueEvents implements StorageListener {

    /** Who watches which task. An event costs as much as its own task is watched. */
    private final Map<TaskId, Set<FluxSink<TaskStatus>>> watchers = new ConcurrentHashMap<>();

    private final Sinks.Many<Boolean> working = Sinks.many().replay().latestOrDefault(false);

    @Override
    public void onEvent(StorageEvent event) {
        if (event instanceof StorageEvent.Locked locked) {
            entered(locked.task(), TaskStatus.RUNNING);
        } else if (event instanceof StorageEvent.Acknowledged ack) {
            entered(ack.task(), ack.status());
        } else if (event instanceof StorageEvent.Released released) {
            entered(released.task(), TaskStatus.PENDING);
        } else if (event instanceof StorageEvent.Orphaned orphaned) {
            entered(orphaned.task(), orphaned.status());
        } else if (event instanceof StorageEvent.WorkerStarted) {
            working.tryEmitNext(true);
        } else if (event instanceof StorageEvent.WorkerStopped) {
            working.tryEmitNext(false);
        }
    }

    /** A task entered a state. The queue tells of all but Queued, of which the poll that emits the task does. */
    void entered(TaskId task, TaskStatus status) {
        watchers.getOrDefault(task, Set.of()).forEach(watcher -> watcher.next(status));
    }

    /**
     * The states that a task enters from the subscription on, as far as this process brings them about. It never
     * ends, and keeps what is not asked for.
     */
    Flux<TaskStatus> of(TaskId task) {
        return Flux.create(watcher -> {
            watchers.compute(task, (id, others) -> {
                Set<FluxSink<TaskStatus>> all = others == null ? ConcurrentHashMap.newKeySet() : others;
                all.add(watcher);
                return all;
            });
            watcher.onDispose(() -> watchers.computeIfPresent(task, (id, all) -> {
                all.remove(watcher);
                return all.isEmpty() ? null : all;
            }));
        });
    }

    /** Completes when no worker of this process is at work, and none of its leases is left. */
    Mono<Void> workerStopped() {
        return working.asFlux().filter(isWorking -> !isWorking).next().then();
    }

    /** How many tasks are being watched. */
    int watched() {
        return watchers.size();
    }
}
