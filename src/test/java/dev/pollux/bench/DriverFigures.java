package dev.pollux.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The driver on a file, against bare sqlite-jdbc doing the same in this JVM, and against another R2DBC driver whose
 * database is a file too. Each figure has databases of its own, and H2 writes what it would otherwise write in the
 * background, on one of the two cores, before the next has its turn.
 */
final class DriverFigures implements Suite {

    /** What a client is made to do. */
    private interface Job {
        void run(Client client) throws Exception;
    }

    private static final String[] NAMES = {"this driver", "bare sqlite-jdbc", "r2dbc-h2 on H2"};

    private final Path folder;
    private final Map<String, List<Client>> clients = new HashMap<>();

    DriverFigures(Path folder) {
        this.folder = folder;
    }

    @Override
    public List<Figure> figures() {
        return List.of(
                figure("single-row insert, FULL", "rows/s", 400, "FULL", client -> client.insert(400)),
                figure("single-row insert, NORMAL", "rows/s", 10_000, "NORMAL", client -> client.insert(10_000)),
                figure("1,000-row insert, FULL", "rows/s", 50_000, "FULL", client -> client.insertThousands(50)),
                figure("1,000-row insert, NORMAL", "rows/s", 50_000, "NORMAL", client -> client.insertThousands(50)),
                withCores(figure("primary-key read", "rows/s", 30_000, "FULL", client -> client.read(30_000, 1))),
                withCores(figure("primary-key read, 16 in flight", "rows/s", 30_000, "FULL", c -> c.read(30_000, 16))),
                figure("100,000-row scan", "rows/s", Client.ITEMS, "FULL", Client::scan),
                figure("two-update transaction, FULL", "transactions/s", 400, "FULL", c -> c.updateTwo(400)),
                figure("two-update transaction, NORMAL", "transactions/s", 5_000, "NORMAL", c -> c.updateTwo(5_000)));
    }

    private Figure figure(String name, String unit, int things, String synchronous, Job job) {
        List<Contender> contenders = new ArrayList<>();
        for (int i = 0; i < NAMES.length; i++) {
            int number = i;
            // Opened before its time is taken.
            contenders.add(new Contender(NAMES[i], () -> {
                Client client = clients(name, synchronous).get(number);
                double rate = Contender.rate(things, () -> job.run(client));
                client.settle();
                return new double[] {rate};
            }));
        }
        return Figure.of("driver " + name, unit, true, contenders);
    }

    /** With how far the cores are apart at each of our rounds: a read is two handovers and little else. */
    private static Figure withCores(Figure figure) {
        List<Measure> measures = new ArrayList<>(figure.measures());
        measures.add(new Measure("cores there and back", "ns"));
        List<Contender> contenders = new ArrayList<>(figure.contenders());
        Contender ours = contenders.get(0);
        contenders.set(0, new Contender(ours.name(), () ->
                new double[] {ours.round().run()[0], CoreDistance.nanos()}));
        return new Figure(figure.name(), measures, figure.hasYardstick(), contenders);
    }

    private List<Client> clients(String name, String synchronous) throws Exception {
        List<Client> known = clients.get(name);
        if (known == null) {
            Path databases = Files.createTempDirectory(folder, "driver");
            known = List.of(
                    new R2dbcClient(
                            "r2dbc:libsql:file://" + databases.resolve("ours.db") + "?synchronous=" + synchronous,
                            "INTEGER",
                            ""),
                    new JdbcClient(databases.resolve("bare.db"), synchronous),
                    new R2dbcClient("r2dbc:h2:file:///" + databases.resolve("h2"), "BIGINT", "CHECKPOINT SYNC"));
            clients.put(name, known);
        }
        return known;
    }

    @Override
    public void close() throws SQLException {
        for (List<Client> ofFigure : clients.values()) {
            for (Client client : ofFigure) {
                client.close();
            }
        }
    }
}
