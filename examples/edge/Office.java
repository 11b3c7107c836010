package edge;

import dev.pollux.r2dbc.LibsqlConnectionFactory;
import dev.pollux.replica.Replica;
import dev.pollux.replica.ReplicaConfig;
import io.r2dbc.spi.ConnectionFactory;
import java.nio.file.Path;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** The back office: it books the invoices that it finds in the pool, whoever put them there. */
final class Office implements AutoCloseable {

    private final Account account;
    private final LibsqlConnectionFactory local;
    private final Replica replica;
    private final Clerk bookkeeper;

    /**
     * @param file its own
     * @param server what it syncs with; it stays open
     * @param invoices the queue's name
     */
    Office(Account account, Path file, ConnectionFactory server, String invoices) {
        this.account = account;
        this.local = LibsqlConnectionFactory.of("file:" + file);
        this.replica = Replica.over(
                local,
                server,
                ReplicaConfig.builder().syncInterval(Duration.ofMillis(500)).build());
        this.bookkeeper =
                new Clerk("bookkeeper", replica, invoices, order -> "booked " + order.item() + " in the office");
    }

    void open() {
        account.tell("office", "opens: takes invoices from the pool on the server");
        bookkeeper.queue().setup().block(Edge.PATIENCE);
        bookkeeper.start();
    }

    /** How many invoices it has booked. */
    int booked() {
        return bookkeeper.done();
    }

    /** Completes when it has booked that many. */
    Mono<Void> hasBooked(int orders) {
        return bookkeeper.hasDone(orders);
    }

    void tell() {
        account.tellNews("office", "booked " + booked() + " invoices");
    }

    @Override
    public void close() {
        bookkeeper.goHome().then(replica.close()).then(local.close()).block(Edge.PATIENCE);
    }
}
