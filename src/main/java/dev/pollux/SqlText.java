package dev.pollux;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A statement with named parameters, taken apart so that it can be written with numbered ones.
 *
 * @param pieces the texts between the parameters; one more than there are places
 * @param places for each place of a parameter, which of {@code parameters} stands there
 * @param parameters the parameters' names, in the order of their numbers
 */
record SqlText(List<String> pieces, List<Integer> places, List<String> parameters) {

    private static final Pattern COMMENT = Pattern.compile("--[^\n]*\n");
    private static final Pattern RETURNING = Pattern.compile("\\sRETURNING\\s.*", Pattern.DOTALL);
    private static final Pattern PARAMETER = Pattern.compile(":([a-z_]+)");

    /** Reads {@code sql/<resource>.sql}, without its comments. */
    static SqlText load(String resource) {
        String path = "sql/" + resource + ".sql";
        try (InputStream stream = SqlText.class.getResourceAsStream(path)) {
            if (stream == null) {
                throw new IllegalStateException("missing resource " + path);
            }
            String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            return compile(COMMENT.matcher(text).replaceAll("").strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SqlText compile(String text) {
        List<String> pieces = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        List<String> names = new ArrayList<>();
        Matcher parameter = PARAMETER.matcher(text);
        int from = 0;
        while (parameter.find()) {
            pieces.add(text.substring(from, parameter.start()));
            from = parameter.end();
            String name = parameter.group(1);
            if (!names.contains(name)) {
                names.add(name);
            }
            places.add(names.indexOf(name));
        }
        pieces.add(text.substring(from));
        return new SqlText(List.copyOf(pieces), List.copyOf(places), List.copyOf(names));
    }

    /** This statement without its RETURNING clause, which must have no parameters. */
    SqlText silent() {
        List<String> shorter = new ArrayList<>(pieces);
        shorter.set(places.size(), RETURNING.matcher(pieces.get(places.size())).replaceFirst(""));
        return new SqlText(List.copyOf(shorter), places, parameters);
    }

    /** Writes the statement with its parameters numbered from {@code first}: {@code ?1}, {@code ?2} and so on. */
    void appendTo(StringBuilder target, int first) {
        for (int i = 0; i < places.size(); i++) {
            target.append(pieces.get(i)).append('?').append(first + places.get(i));
        }
        target.append(pieces.get(places.size()));
    }
}
