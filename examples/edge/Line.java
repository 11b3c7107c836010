package edge;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The till's line to the server: a port of this machine that carries what both say, and can be cut and healed. */
final class Line implements AutoCloseable {

    private final ServerSocket entrance;
    private final String host;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    private Line(ServerSocket entrance, String host, int port) {
        this.entrance = entrance;
        this.host = host;
        this.port = port;
    }

    /** A line to that server, on a free port. */
    static Line to(URI server) throws IOException {
        ServerSocket entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Line line = new Line(entrance, server.getHost(), server.getPort() < 0 ? 80 : server.getPort());
        line.start(line::accept);
        return line;
    }

    /** The server, by this line. */
    String url() {
        return "http://127.0.0.1:" + entrance.getLocalPort();
    }

    /** Breaks all connections; new ones are taken and broken at once. */
    void cut() throws IOException {
        cut = true;
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    void heal() {
        cut = false;
    }

    @Override
    public void close() throws IOException {
        entrance.close();
        cut();
    }

    private void accept() throws IOException {
        while (true) {
            Socket near = keep(entrance.accept());
            if (!cut) {
                start(() -> connect(near));
            }
        }
    }

    private void connect(Socket near) throws IOException {
        try (near;
                Socket far = keep(new Socket(host, port))) {
            start(() -> carry(far, near));
            carry(near, far);
        } finally {
            sockets.removeIf(Socket::isClosed);
        }
    }

    /** Ends when either side has closed, and then closes the other. */
    private static void carry(Socket from, Socket to) throws IOException {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        }
    }

    /** The line may have been cut just before: whoever comes second, the socket is closed. */
    private Socket keep(Socket socket) throws IOException {
        sockets.add(socket);
        socket.setTcpNoDelay(true);
        if (cut) {
            socket.close();
        }
        return socket;
    }

    private interface Work {
        void run() throws IOException;
    }

    private void start(Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException e) {
                        // Somebody has closed, or the server is away: both sides notice.
                    }
                },
                "line");
        thread.setDaemon(true);
        thread.start();
    }
}
