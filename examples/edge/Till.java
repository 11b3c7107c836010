package edge;

import dev.pollux.Config;
import dev.pollux.LibsqlStorage;
import dev.pollux.NewTask;
import dev.pollux.Task;
import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import dev.pollux.replica.Replica;
import dev.pollux.replica.ReplicaStatus;
import io.r2dbc.spi.ConnectionFactories;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The till: each order that it sells makes a receipt, which is printed here, and an invoice, for which nobody here polls: it goes to
 * the pool on the server, for whoever books invoices.
 */
final class Till implements AutoCloseable {

    private static final List<String> ITEMS = List.of("apples", "bread", "cheese", "dates");
    private static final Duration PACE = Duration.ofMillis(100);

    private final Account account;
    private final Replica replica;
    private final LibsqlStorage<Order> invoices;
    private final Clerk printer;
    private final AtomicInteger sold = new AtomicInteger();
    private final AtomicInteger outcomes = new AtomicInteger();
    /** The invoices of which it does not know yet that they are booked. */
    private final Set<TaskId> open = ConcurrentHashMap.newKeySet();

    private final Flux<Integer> news;
    private volatile boolean online;

    /**
     * @param url its file with the {@code syncUrl}
     * @param receipts a queue's name
     * @param invoices a queue's name
     */
    Till(Account account, String url, String receipts, String invoices) {
        this.account = account;
        this.replica = Replica.of(ConnectionFactories.get(url));
        this.invoices = LibsqlStorage.create(replica, Order.class, Config.of(invoices));
        this.printer = new Clerk("printer", replica, receipts, order -> "printed " + order.item() + " at the till");
        this.news = replica.status()
                .doOnNext(this::tell)
                .concatMap(status -> look())
                .replay(1)
                .autoConnect();
    }

    void open() {
        account.tell("till", "opens: prints receipts here, and leaves invoices to others");
        printer.queue().setup().block(Edge.PATIENCE);
        printer.start();
        // Who waits for news hears of the error.
        news.subscribe(count -> {}, error -> {});
        news.next().block(Edge.PATIENCE);
    }

    /** Sells that many orders, one after the other, and prints their receipts. */
    Mono<Void> sell(int orders) {
        return Flux.interval(PACE)
                .take(orders)
                .onBackpressureBuffer()
                .concatMap(tick -> sell())
                .then(Mono.defer(() -> printer.hasDone(sold.get())));
    }

    private Mono<Void> sell() {
        int number = sold.incrementAndGet();
        Order order = new Order(number, ITEMS.get(number % ITEMS.size()));
        TaskId invoice = TaskId.next();
        open.add(invoice);
        return printer.queue().push(order).then(invoices.push(NewTask.of(order).id(invoice)));
    }

    /** Looks which invoices are booked now; emits how many it knows of. */
    private Mono<Integer> look() {
        return Flux.fromIterable(open)
                .concatMap(invoices::fetchById)
                .filter(invoice -> invoice.status() == TaskStatus.DONE)
                .map(Task::id)
                .filter(open::remove)
                .doOnNext(id -> outcomes.incrementAndGet())
                .then(Mono.fromSupplier(outcomes::get));
    }

    private void tell(ReplicaStatus now) {
        if (!now.online() || !online) {
            String changes = now.unsent() == 0 ? "nothing" : now.unsent() + " changes";
            account.tell("till", (now.online() ? "ONLINE, " : "OFFLINE, ") + changes + " to send");
        }
        online = now.online();
    }

    void tell() {
        account.tellNews(
                "till",
                "sold %d orders, printed %d receipts, knows of %d booked invoices"
                        .formatted(sold(), printed(), outcomes()));
    }

    int sold() {
        return sold.get();
    }

    int printed() {
        return printer.done();
    }

    /** How many of its invoices it knows to be booked. */
    int outcomes() {
        return outcomes.get();
    }

    /** Completes when it knows that all invoices are booked. */
    Mono<Void> hearsOfAll() {
        return news.filter(count -> count == sold.get()).next().then();
    }

    /** Sends what the server does not have yet. */
    Mono<Void> sync() {
        return replica.sync().then();
    }

    @Override
    public void close() {
        printer.goHome().then(replica.close()).block(Edge.PATIENCE);
    }
}
