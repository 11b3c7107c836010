package dev.pollux.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The outcomes as lines for programs ({@code results.tsv}) and as tables for the README ({@code results.md}). */
final class Report {

    private final List<String> lines = new ArrayList<>();
    private final List<String> page = new ArrayList<>();

    /** Begins a table of figures that have the same contenders. */
    void table(Figure first) {
        StringBuilder head = new StringBuilder("| median (least to most) |");
        StringBuilder rule = new StringBuilder("|---|");
        for (Contender contender : first.contenders()) {
            head.append(' ').append(contender.name()).append(" |");
            rule.append("---|");
        }
        page.add("");
        page.add(head + " ratio to " + first.contenders().get(1).name() + " |");
        page.add(rule + "---|");
    }

    /** Adds one line a contender, {@code name<TAB>value<TAB>unit<TAB>ratio}, and prints them; and one row of the table. */
    void add(Figure.Outcome outcome) {
        Figure figure = outcome.figure();
        StringBuilder row = new StringBuilder("| " + figure.name() + ", " + figure.unit() + " |");
        for (int i = 0; i < figure.contenders().size(); i++) {
            String name = i == 0
                    ? figure.name()
                    : figure.name() + ", " + figure.contenders().get(i).name();
            String line = String.format(
                    Locale.ROOT, "%s\t%.0f\t%s\t%.2f", name, outcome.median(i), figure.unit(), outcome.ratio(i));
            lines.add(line);
            System.out.println(line);
            row.append(String.format(
                    Locale.ROOT, " %,.0f (%,.0f to %,.0f) |", outcome.median(i), outcome.least(i), outcome.most(i)));
        }
        page.add(row + String.format(Locale.ROOT, " %.2f |", outcome.ratio(0)));
    }

    void write(Path folder, int rounds) throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("results.tsv"), lines);
        page.add("");
        page.add(String.format(
                "%d rounds in turn after warm-up, %s: %s; %s.",
                rounds, LocalDate.now(ZoneOffset.UTC), Machine.describe(), versions()));
        Files.write(folder.resolve("results.md"), page);
    }

    private static String versions() {
        return "sqlite-jdbc " + org.sqlite.SQLiteJDBCLoader.getVersion() + ", H2 " + org.h2.engine.Constants.VERSION
                + ", Reactor " + reactor.core.publisher.Flux.class.getPackage().getImplementationVersion();
    }
}
