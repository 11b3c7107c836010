package dev.pollux.r2dbc;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads options as the types they should have, and gathers all that is wrong with them. */
final class OptionReader {

    private static final int SHOWN = 60;
    /** Control and formatting characters, and halves of surrogate pairs. */
    private static final Pattern UNSEEN = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]");

    private final ConnectionFactoryOptions options;
    private final List<String> problems = new ArrayList<>();

    OptionReader(ConnectionFactoryOptions options) {
        this.options = options;
    }

    /** All options that are set, by name. */
    Set<String> names() {
        Set<String> names = new TreeSet<>();
        // The SPI has no other way to list them.
        ConnectionFactoryOptions.builder().from(options, option -> {
            names.add(option.name());
            return false;
        });
        return names;
    }

    boolean has(Option<?> option) {
        return options.hasOption(option);
    }

    void problem(String problem) {
        problems.add(problem);
    }

    boolean hasProblems() {
        return !problems.isEmpty();
    }

    /** Fails if anything was wrong, naming all of it. */
    void throwProblems() {
        if (hasProblems()) {
            throw new IllegalArgumentException(String.join("; ", problems));
        }
    }

    @Nullable
    Object raw(Option<?> option) {
        return options.getValue(option);
    }

    @Nullable
    String text(Option<?> option) {
        Object value = raw(option);
        return value == null ? null : value.toString();
    }

    @Nullable
    Boolean flag(Option<?> option) {
        return read(option, Boolean.class, "true, false, 1 or 0", text -> switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default -> throw new IllegalArgumentException();
        });
    }

    @Nullable
    Integer integer(Option<?> option) {
        return read(option, Integer.class, "a whole number", Integer::valueOf);
    }

    @Nullable
    Long wide(Option<?> option) {
        return read(option, Long.class, "a whole number", Long::valueOf);
    }

    @Nullable
    Duration duration(Option<?> option) {
        Duration duration = read(
                option,
                Duration.class,
                "an ISO-8601 duration such as PT5S, or a number of milliseconds",
                OptionReader::parseDuration);
        if (duration != null && duration.isNegative()) {
            problem(option.name() + " is negative: it must be zero or more");
            return null;
        }
        return duration;
    }

    private static Duration parseDuration(String text) {
        return Character.isDigit(text.isEmpty() ? ' ' : text.charAt(text.length() - 1))
                ? Duration.ofMillis(Long.parseLong(text))
                : Duration.parse(text);
    }

    <E extends Enum<E>> @Nullable E oneOf(Option<?> option, Class<E> type) {
        return read(
                option,
                type,
                Arrays.toString(type.getEnumConstants()),
                text -> Enum.valueOf(type, text.toUpperCase(Locale.ROOT)));
    }

    private <T> @Nullable T read(Option<?> option, Class<T> type, String allowed, Function<String, T> parse) {
        Object value = raw(option);
        if (value == null) {
            return null;
        }
        if (type.isInstance(value)) {
            return type.cast(value);
        }
        try {
            return parse.apply(value.toString().trim());
        } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
            problem(option.name() + " is \"" + shown(value) + "\": it must be " + allowed);
            return null;
        }
    }

    /** The beginning of a value in one line, for it may be anything. */
    static String shown(Object value) {
        String text = value.toString();
        String start = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
        return UNSEEN.matcher(start).replaceAll("?");
    }
}
