package dev.pollux.faults;

import dev.pollux.testing.TcpProxy;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A proxy between a client and sqld that understands HTTP/1.1 as far as it must: it knows where a request and an answer
 * end, so that it can let the server commit, and then lose the answer.
 */
final class FaultyProxy extends TcpProxy {

    /** Far longer than a request takes, far shorter than a client's patience. */
    private static final long DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** Says what is to happen to a request; null lets it pass. Called from many threads at once. */
    interface Plan {
        @Nullable
        Fault next(Set<Step> steps);
    }

    private final Map<Step, Integer> hits = new ConcurrentHashMap<>();
    private final AtomicInteger injected = new AtomicInteger();
    /** What was refused for its token, and passes when it comes again. */
    private final Set<String> refused = ConcurrentHashMap.newKeySet();

    private volatile Plan plan = steps -> null;

    /** Listens on a free port of 127.0.0.1 for connections to the target port there. All requests pass. */
    FaultyProxy(int target) throws IOException {
        super("faulty-proxy", target);
        open();
    }

    void plan(Plan next) {
        plan = next;
    }

    /** How many faults were injected. */
    int injected() {
        return injected.get();
    }

    /** How many faults hit a request with that step. */
    int hits(Step step) {
        return hits.getOrDefault(step, 0);
    }

    @Override
    protected void carry(Socket near, Socket far) throws IOException {
        try (near;
                far) {
            exchange(near, far);
        }
    }

    private void exchange(Socket near, Socket far) throws IOException {
        BufferedInputStream requests = new BufferedInputStream(near.getInputStream());
        BufferedInputStream answers = new BufferedInputStream(far.getInputStream());
        for (HttpMessage request = HttpMessage.read(requests); request != null; request = HttpMessage.read(requests)) {
            Fault fault = faultFor(request);
            if (fault != null && !fault.afterServer()) {
                before(fault, request, near, far, answers);
                return;
            }
            far.getOutputStream().write(request.bytes());
            HttpMessage answer = HttpMessage.read(answers);
            if (answer == null) {
                return;
            }
            if (fault != null && fault != Fault.DELAY) {
                after(fault, answer, near);
                return;
            }
            if (fault == Fault.DELAY) {
                LockSupport.parkNanos(DELAY_NANOS);
            }
            near.getOutputStream().write(answer.bytes());
        }
    }

    private @Nullable Fault faultFor(HttpMessage request) {
        Set<Step> steps = Step.in(request.body());
        Fault fault = steps.isEmpty() || refused.remove(request.body()) ? null : plan.next(steps);
        if (fault == Fault.UNAUTHORIZED) {
            refused.add(request.body());
        }
        if (fault != null) {
            injected.incrementAndGet();
            steps.forEach(step -> hits.merge(step, 1, Integer::sum));
        }
        return fault;
    }

    private static void before(Fault fault, HttpMessage request, Socket near, Socket far, BufferedInputStream answers)
            throws IOException {
        if (fault == Fault.HALF_REQUEST) {
            far.getOutputStream().write(request.bytes(), 0, request.bytes().length / 2);
            far.getOutputStream().flush();
            reset(far);
        } else if (fault == Fault.LATE_REQUEST) {
            awaitGivenUp(near);
            LockSupport.parkNanos(DELAY_NANOS);
            far.getOutputStream().write(request.bytes());
            // The server drops what it is doing for a client that does not wait for the answer.
            HttpMessage.read(answers);
        }
        end(fault, near);
    }

    private static void awaitGivenUp(Socket near) throws IOException {
        if (near.getInputStream().read() >= 0) {
            throw new IOException("the client goes on");
        }
    }

    private static void after(Fault fault, HttpMessage answer, Socket near) throws IOException {
        if (fault == Fault.HALF_RESPONSE) {
            near.getOutputStream().write(answer.bytes(), 0, answer.bytes().length / 2);
        } else if (fault == Fault.STALL) {
            awaitGivenUp(near);
        }
        end(fault, near);
    }

    private static void end(Fault fault, Socket near) throws IOException {
        if (fault.status() == 0) {
            reset(near);
        } else {
            near.getOutputStream()
                    .write(("HTTP/1.1 " + fault.status() + " Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** Closes with a reset rather than in order. */
    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }
}
