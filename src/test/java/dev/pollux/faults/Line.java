package dev.pollux.faults;

import dev.pollux.testing.TcpProxy;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/** A line between two servers that can be broken, and healed. */
final class Line extends TcpProxy {

    /** How it is broken. */
    enum Break {
        /** Connections are closed, and so is each that comes. */
        CUT,
        /** Connections stay open, and nothing comes through; what was said meanwhile comes when it is over. */
        SILENCE
    }

    private volatile boolean cut;
    private boolean silent;

    /** Listens on a free port of 127.0.0.1 for connections to the target port there. */
    Line(int target) throws IOException {
        super("line", target);
        open();
    }

    void apply(Break how) throws IOException {
        if (how == Break.CUT) {
            cut = true;
            breakAll();
        } else {
            silence(true);
        }
    }

    void heal() {
        cut = false;
        silence(false);
    }

    private synchronized void silence(boolean now) {
        silent = now;
        notifyAll();
    }

    private synchronized void awaitSound() throws InterruptedException {
        while (silent) {
            wait();
        }
    }

    @Override
    protected void carry(Socket near, Socket far) throws IOException {
        // A connection that comes as the line is cut is closed there or here.
        if (cut) {
            near.close();
            far.close();
            return;
        }
        start("there", () -> carryOneWay(near, far));
        start("back", () -> carryOneWay(far, near));
    }

    private void carryOneWay(Socket from, Socket to) throws IOException, InterruptedException {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[64 << 10];
            for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
                awaitSound();
                out.write(buffer, 0, count);
            }
        }
    }

    @Override
    public void close() throws IOException {
        heal();
        super.close();
    }
}
