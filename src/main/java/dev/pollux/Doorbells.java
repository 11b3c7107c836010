package dev.pollux;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The doorbells of all storages on one lane, by queue; held weakly, for a storage needs no closing. */
final class Doorbells {

    private final Map<String, List<WeakReference<Doorbell>>> byQueue = new ConcurrentHashMap<>();

    void add(String queue, Doorbell doorbell) {
        List<WeakReference<Doorbell>> known = byQueue.computeIfAbsent(queue, name -> new CopyOnWriteArrayList<>());
        known.removeIf(reference -> reference.get() == null);
        known.add(new WeakReference<>(doorbell));
    }

    /** Rings all bells of that queue. */
    void ring(String queue) {
        each(queue, Doorbell::ring);
    }

    /** A task of that queue is due at another time than it was. */
    void dueTimeMayHaveChanged(String queue) {
        each(queue, Doorbell::dueTimeMayHaveChanged);
    }

    private void each(String queue, Consumer<Doorbell> action) {
        for (WeakReference<Doorbell> reference : byQueue.getOrDefault(queue, List.of())) {
            Doorbell doorbell = reference.get();
            if (doorbell != null) {
                action.accept(doorbell);
            }
        }
    }
}
