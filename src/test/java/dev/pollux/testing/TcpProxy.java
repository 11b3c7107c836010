package dev.pollux.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A proxy for TCP between clients and a server on 127.0.0.1. Closing it cuts all connections. */
public abstract class TcpProxy implements AutoCloseable {

    private final ServerSocket listening;
    private final int target;
    private final String name;
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();

    /** Takes a free port, on which nobody is let in before {@link #open()}. */
    protected TcpProxy(String name, int target) throws IOException {
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.target = target;
        this.name = name;
    }

    /** Lets clients in, once the proxy is made. */
    protected final void open() {
        start("accept", this::accept);
    }

    /** The port it listens on. */
    public final int port() {
        return listening.getLocalPort();
    }

    /** Carries what a client and the server say, on a thread of its own; may return before that is over. */
    protected abstract void carry(Socket near, Socket far) throws IOException;

    /** What a thread does. */
    protected interface Action {
        void run() throws IOException, InterruptedException;
    }

    /** Starts a thread, which ends when either side has closed. */
    protected final void start(String what, Action action) {
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
                name + "-" + what);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (true) {
            Socket near = keep(listening.accept());
            start("carry", () -> carry(near, keep(new Socket(InetAddress.getLoopbackAddress(), target))));
        }
    }

    private Socket keep(Socket socket) throws IOException {
        sockets.removeIf(Socket::isClosed);
        sockets.add(socket);
        socket.setTcpNoDelay(true);
        return socket;
    }

    /** Breaks the connections that there are. */
    protected final void breakAll() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        breakAll();
    }
}
