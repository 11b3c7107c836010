package dev.pollux;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * Tells of changes of SQLite files and their write-ahead logs. One watch service and one daemon thread serve the whole
 * JVM, for a user may have few of the system's watches; both end with the last watch.
 */
final class FileWatch {

    private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);
    private static final FileWatch SHARED = new FileWatch();

    private final Map<WatchKey, List<Watched>> byFolder = new ConcurrentHashMap<>();
    private @Nullable WatchService service;

    private FileWatch() {}

    /** One file and who is told of it. */
    private record Watched(String file, Runnable changed) {

        boolean isAbout(WatchEvent<?> event) {
            String name = String.valueOf(event.context());
            return event.kind() == StandardWatchEventKinds.OVERFLOW || name.equals(file) || name.equals(file + "-wal");
        }
    }

    /** Watches until disposed of; does nothing, but for a line at debug, where the system gives no watch. Blocks shortly. */
    static Disposable watch(Path file, Runnable changed) {
        try {
            return SHARED.add(file.toAbsolutePath(), changed);
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("cannot watch {}", file, e);
            return Disposables.disposed();
        }
    }

    private synchronized Disposable add(Path file, Runnable changed) throws IOException {
        WatchService running = service;
        if (running == null) {
            running = FileSystems.getDefault().newWatchService();
            service = running;
            WatchService mine = running;
            Thread thread = new Thread(() -> run(mine), "pollux-file-watch");
            thread.setDaemon(true);
            thread.start();
        }
        Path folder = Objects.requireNonNull(file.getParent(), "the folder of an absolute path");
        WatchKey key =
                folder.register(running, StandardWatchEventKinds.ENTRY_MODIFY, StandardWatchEventKinds.ENTRY_CREATE);
        Watched watched = new Watched(String.valueOf(file.getFileName()), changed);
        byFolder.computeIfAbsent(key, known -> new CopyOnWriteArrayList<>()).add(watched);
        return () -> remove(key, watched);
    }

    private synchronized void remove(WatchKey key, Watched watched) {
        List<Watched> left = byFolder.get(key);
        if (left == null || !left.remove(watched) || !left.isEmpty()) {
            return;
        }
        byFolder.remove(key);
        key.cancel();
        if (byFolder.isEmpty() && service != null) {
            try {
                service.close();
            } catch (IOException e) {
                LOG.debug("closing the watch service failed", e);
            }
            service = null;
        }
    }

    private static void tell(Watched watched) {
        try {
            watched.changed().run();
        } catch (RuntimeException e) {
            LOG.warn("what watches {} failed", watched.file(), e);
        }
    }

    private void run(WatchService watches) {
        try {
            while (true) {
                WatchKey key = watches.take();
                List<WatchEvent<?>> events = key.pollEvents();
                for (Watched watched : byFolder.getOrDefault(key, List.of())) {
                    if (events.stream().anyMatch(watched::isAbout)) {
                        tell(watched);
                    }
                }
                key.reset();
            }
        } catch (ClosedWatchServiceException e) {
            LOG.debug("nothing is watched any more");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
