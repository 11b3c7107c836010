package dev.pollux.bench;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The driver on a file, against bare sqlite-jdbc doing the same in this JVM, and against another R2DBC driver whose
 * database is a file too.
 */
final class DriverFigures implements AutoCloseable {

    /** What a client is made to do. */
    private interface Job {
        void run(Client client) throws Exception;
    }

    private static final String[] NAMES = {"this driver", "bare sqlite-jdbc", "r2dbc-h2 on H2"};

    private final Path folder;
    private final List<Client> clients = new ArrayList<>();

    DriverFigures(Path folder) {
        this.folder = folder;
    }

    List<Figure> all() throws Exception {
        List<Figure> figures = new ArrayList<>();
        List<Client> full = clients("FULL");
        List<Client> normal = clients("NORMAL");
        figures.add(figure("single-row insert, FULL", "rows/s", 400, full, client -> client.insert(400)));
        figures.add(figure("single-row insert, NORMAL", "rows/s", 10_000, normal, client -> client.insert(10_000)));
        figures.add(figure("1,000-row insert, FULL", "rows/s", 50_000, full, client -> client.insertThousands(50)));
        figures.add(figure("1,000-row insert, NORMAL", "rows/s", 50_000, normal, client -> client.insertThousands(50)));
        figures.add(figure("primary-key read", "rows/s", 30_000, full, client -> client.read(30_000, 1)));
        figures.add(figure("primary-key read, 16 in flight", "rows/s", 30_000, full, c -> c.read(30_000, 16)));
        figures.add(figure("100,000-row scan", "rows/s", Client.ITEMS, full, Client::scan));
        figures.add(figure("two-update transaction, FULL", "transactions/s", 400, full, c -> c.updateTwo(400)));
        figures.add(figure("two-update transaction, NORMAL", "transactions/s", 5_000, normal, c -> c.updateTwo(5_000)));
        return figures;
    }

    private List<Client> clients(String synchronous) throws Exception {
        Path ours = folder.resolve("ours-" + synchronous + ".db");
        List<Client> made = List.of(
                new R2dbcClient("r2dbc:libsql:file://" + ours + "?synchronous=" + synchronous, "INTEGER"),
                new JdbcClient(folder.resolve("bare-" + synchronous + ".db"), synchronous),
                new R2dbcClient("r2dbc:h2:file:///" + folder.resolve("h2-" + synchronous), "BIGINT"));
        clients.addAll(made);
        return made;
    }

    private static Figure figure(String name, String unit, int things, List<Client> clients, Job job) {
        List<Contender> contenders = new ArrayList<>();
        for (int i = 0; i < NAMES.length; i++) {
            Client client = clients.get(i);
            contenders.add(Contender.rate(NAMES[i], things, () -> job.run(client)));
        }
        return new Figure("driver " + name, unit, contenders);
    }

    @Override
    public void close() throws SQLException {
        for (Client client : clients) {
            client.close();
        }
    }
}
