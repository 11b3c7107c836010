package dev.pollux.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The outcomes as lines for programs ({@code results.tsv}) and as tables for the README ({@code results.md}). */
final class Report {

    private final Path folder;
    private final List<String> lines = new ArrayList<>();
    private final List<String> page = new ArrayList<>();
    private Set<String> columns = Set.of();

    Report(Path folder) {
        this.folder = folder;
    }

    /** Begins the table of a suite: a row for each value of its figures, a column for each of their contenders. */
    void table(List<Figure> figures) {
        columns = new LinkedHashSet<>();
        figures.forEach(figure -> columns.addAll(figure.names()));
        String yardstick = figures.stream()
                .filter(Figure::hasYardstick)
                .findFirst()
                .map(figure -> " ratio to " + figure.names().get(1) + " |")
                .orElse("");
        page.add("");
        page.add("| median (least to most) | " + String.join(" | ", columns) + " |" + yardstick);
        page.add("|---|" + "---|".repeat(columns.size()) + (yardstick.isEmpty() ? "" : "---|"));
    }

    /** Adds and prints a line for each value, {@code name<TAB>value<TAB>unit<TAB>ratio}; and its rows of the table. */
    void add(Figure.Outcome outcome) throws IOException {
        Figure figure = outcome.figure();
        for (int measure = 0; measure < figure.measures().size(); measure++) {
            StringBuilder row = new StringBuilder();
            for (String column : columns) {
                int contender = figure.names().indexOf(column);
                String cell = contender < 0 ? null : cell(outcome, contender, measure);
                row.append(cell == null ? "  |" : " " + cell + " |");
            }
            String unit = figure.measures().get(measure).unit();
            page.add("| " + name(figure, 0, measure) + ", " + unit + " |" + row
                    + (figure.hasYardstick() ? " " + number(outcome.ratio(0, measure)) + " |" : ""));
        }
        Files.write(folder.resolve("results.tsv"), lines);
    }

    /** Adds a contender's line and gives its cell of the table; null if it does not have that measure. */
    private @Nullable String cell(Figure.Outcome outcome, int contender, int measure) {
        Figure figure = outcome.figure();
        double median = outcome.median(contender, measure);
        if (Double.isNaN(median)) {
            return null;
        }
        String line = String.join(
                "\t",
                name(figure, contender, measure),
                number(median).replace(",", ""),
                figure.measures().get(measure).unit(),
                number(outcome.ratio(contender, measure)));
        lines.add(line);
        System.out.println(line);
        return number(median) + " (" + number(outcome.least(contender, measure)) + " to "
                + number(outcome.most(contender, measure)) + ")";
    }

    private static String name(Figure figure, int contender, int measure) {
        String more = figure.measures().get(measure).name();
        return figure.name()
                + (contender == 0 ? "" : ", " + figure.names().get(contender))
                + (more.isEmpty() ? "" : ", " + more);
    }

    /** Two digits at least. */
    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "-";
        }
        String format = value < 0.1 ? "%.3f" : value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%,.0f";
        return String.format(Locale.ROOT, format, value);
    }

    /** Writes the tables, with what they were measured on. */
    void write(String versions) throws IOException {
        page.add("");
        page.add(String.format("%s, %s; %s.", LocalDate.now(ZoneOffset.UTC), Machine.describe(), versions));
        Files.write(folder.resolve("results.md"), page);
    }
}
