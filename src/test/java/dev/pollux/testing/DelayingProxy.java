package dev.pollux.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A proxy for TCP that makes a near server far: bytes take the delay in each direction, however many are under way. It
 * counts the HTTP POST requests that pass.
 */
public final class DelayingProxy extends TcpProxy {

    private static final byte[] POST = "POST /v".getBytes(StandardCharsets.US_ASCII);

    private final long delayNanos;
    private final AtomicLong posts = new AtomicLong();

    /** Listens on a free port of 127.0.0.1 for connections to the target port there. */
    public DelayingProxy(int target, Duration delay) throws IOException {
        super("delaying-proxy", target);
        this.delayNanos = delay.toNanos();
        open();
    }

    /** How many POST requests have come. */
    public long posts() {
        return posts.get();
    }

    /** Bytes on their way, until they are due; none at all at their end. */
    private record Chunk(ByteBuffer bytes, long due) {}

    @Override
    protected void carry(Socket near, Socket far) {
        carry(near, far, true);
        carry(far, near, false);
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
}
