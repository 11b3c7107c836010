package dev.pollux.r2dbc;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Dates and times as SQLite's functions read and write them: ISO-8601 text.
 *
 * <p>Written texts always have seconds. Those with an offset always have nine decimal places, so that instants sort as
 * texts; those without one have as many as they need, and sort too.
 *
 * <p>Read are both {@code T} and a blank between date and time, any number of decimal places up to nine, and times
 * without seconds. Where a text has no offset, an {@link Instant} or {@link OffsetDateTime} takes it as UTC, which is
 * what {@code CURRENT_TIMESTAMP} means.
 *
 * @see <a href="https://www.sqlite.org/lang_datefunc.html">SQLite: date and time functions</a>
 */
public final class Temporals {

    private static final DateTimeFormatter FULL_TIME = new DateTimeFormatterBuilder()
            .appendPattern("HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 9, 9, true)
            .toFormatter();

    private static final DateTimeFormatter OFFSET_TIME =
            new DateTimeFormatterBuilder().append(FULL_TIME).appendOffsetId().toFormatter();

    private static final DateTimeFormatter OFFSET_DATE_TIME = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendLiteral('T')
            .append(OFFSET_TIME)
            .toFormatter();

    private static final DateTimeFormatter ZONED_DATE_TIME = new DateTimeFormatterBuilder()
            .append(OFFSET_DATE_TIME)
            .appendLiteral('[')
            .appendZoneRegionId()
            .appendLiteral(']')
            .toFormatter();

    private static final Map<Class<?>, Function<String, Object>> PARSERS = Map.of(
            Instant.class, text -> offset(text).toInstant(),
            OffsetDateTime.class, Temporals::offset,
            ZonedDateTime.class, Temporals::zoned,
            LocalDateTime.class, Temporals::dateTime,
            LocalDate.class, LocalDate::parse,
            LocalTime.class, LocalTime::parse,
            OffsetTime.class, OffsetTime::parse,
            Year.class, Year::parse,
            YearMonth.class, YearMonth::parse);

    private Temporals() {}

    /** The types that are stored and read. */
    public static Set<Class<?>> types() {
        return PARSERS.keySet();
    }

    /** The text that is stored, or null if the type is not one of those stored. */
    static @Nullable String format(TemporalAccessor value) {
        if (value instanceof Instant instant) {
            return OFFSET_DATE_TIME.format(instant.atOffset(ZoneOffset.UTC));
        }
        if (value instanceof OffsetDateTime) {
            return OFFSET_DATE_TIME.format(value);
        }
        if (value instanceof ZonedDateTime zoned) {
            return (zoned.getZone() instanceof ZoneOffset ? OFFSET_DATE_TIME : ZONED_DATE_TIME).format(value);
        }
        if (value instanceof LocalDateTime) {
            return DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(value);
        }
        if (value instanceof LocalTime) {
            return DateTimeFormatter.ISO_LOCAL_TIME.format(value);
        }
        if (value instanceof OffsetTime) {
            return OFFSET_TIME.format(value);
        }
        return value instanceof LocalDate || value instanceof Year || value instanceof YearMonth
                ? value.toString()
                : null;
    }

    /**
     * Reads a text.
     *
     * @return the value, or null if {@code type} is not one of those read
     * @throws DateTimeException if the text is not such a value, or the type would lose a part of it
     */
    public static @Nullable Object parse(String text, Class<?> type) {
        Function<String, Object> parser = PARSERS.get(type);
        return parser == null ? null : parser.apply(text);
    }

    private static LocalDateTime dateTime(String text) {
        return text.length() == 10 ? LocalDate.parse(text).atStartOfDay() : LocalDateTime.parse(iso(text));
    }

    private static ZonedDateTime zoned(String text) {
        return text.endsWith("]")
                ? ZonedDateTime.parse(iso(text))
                : offset(text).toZonedDateTime();
    }

    private static OffsetDateTime offset(String text) {
        if (text.length() == 10) {
            return LocalDate.parse(text).atStartOfDay().atOffset(ZoneOffset.UTC);
        }
        String iso = iso(text);
        return hasOffset(iso)
                ? OffsetDateTime.parse(iso)
                : LocalDateTime.parse(iso).atOffset(ZoneOffset.UTC);
    }

    private static boolean hasOffset(String iso) {
        return iso.endsWith("Z") || iso.indexOf('+', 10) > 0 || iso.indexOf('-', 10) > 0;
    }

    /** SQLite writes a blank where ISO-8601 has a T. */
    private static String iso(String text) {
        return text.length() > 10 && text.charAt(10) == ' ' ? text.substring(0, 10) + 'T' + text.substring(11) : text;
    }
}
