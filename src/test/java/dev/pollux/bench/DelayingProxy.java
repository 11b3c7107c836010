package dev.pollux.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A proxy for TCP that makes a near server far: bytes take the delay in each direction, however many are under way. It
 * counts the HTTP POST requests that pass.
 */
final class DelayingProxy implements AutoCloseable {

    private static final byte[] POST = "POST /v".getBytes(StandardCharsets.US_ASCII);

    private final ServerSocket listening;
    private final int target;
    private final long delayNanos;
    private final AtomicLong posts = new AtomicLong();
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();

    /** Listens on a free port of 127.0.0.1 for connections to the target port there. */
    DelayingProxy(int target, Duration delay) throws IOException {
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.target = target;
        this.delayNanos = delay.toNanos();
        start("accept", this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    /** How many POST requests have come. */
    long posts() {
        return posts.get();
    }

    /** Bytes on their way, until they are due; none at all at their end. */
    private record Chunk(ByteBuffer bytes, long due) {}

    private interface Action {
        void run() throws IOException, InterruptedException;
    }

    private static void start(String name, Action action) {
        Thread thread = new Thread(
                () -> {
                    try {
                        action.run();
                    } catch (IOException e) {
                        // Either side has closed.
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "delaying-proxy-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (true) {
            Socket near = keep(listening.accept());
            Socket far = keep(new Socket(InetAddress.getLoopbackAddress(), target));
            carry(near, far, true);
            carry(far, near, false);
        }
    }

    private Socket keep(Socket socket) throws IOException {
        sockets.add(socket);
        socket.setTcpNoDelay(true);
        return socket;
    }

    private void carry(Socket from, Socket to, boolean requests) {
        BlockingQueue<Chunk> underWay = new LinkedBlockingQueue<>();
        start("read", () -> {
            try {
                read(from.getInputStream(), underWay, requests);
            } finally {
                underWay.add(new Chunk(ByteBuffer.allocate(0), System.nanoTime() + delayNanos));
            }
        });
        start("write", () -> {
            write(underWay, to.getOutputStream());
            to.close();
        });
    }

    private void read(InputStream in, BlockingQueue<Chunk> underWay, boolean requests) throws IOException {
        byte[] buffer = new byte[64 << 10];
        int matched = 0;
        for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
            for (int i = 0; requests && i < count; i++) {
                matched = buffer[i] == POST[matched] ? matched + 1 : buffer[i] == POST[0] ? 1 : 0;
                if (matched == POST.length) {
                    posts.incrementAndGet();
                    matched = 0;
                }
            }
            underWay.add(new Chunk(ByteBuffer.wrap(Arrays.copyOf(buffer, count)), System.nanoTime() + delayNanos));
        }
    }

    private static void write(BlockingQueue<Chunk> underWay, OutputStream out)
            throws IOException, InterruptedException {
        while (true) {
            Chunk next = underWay.take();
            for (long left = next.due() - System.nanoTime(); left > 0; left = next.due() - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            if (!next.bytes().hasRemaining()) {
                return;
            }
            out.write(next.bytes().array());
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
