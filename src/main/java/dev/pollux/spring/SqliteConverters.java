package dev.pollux.spring;

import dev.pollux.r2dbc.Temporals;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.core.convert.converter.Converter;
import org.springframework.core.convert.converter.GenericConverter;
import org.springframework.data.convert.ReadingConverter;

/**
 * Spring Data reads a row's values without saying what it wants them for, so these turn SQLite's into a property's
 * type. Text to UUIDs, decimals and enums, and binary data to byte arrays, are among Spring's own.
 */
final class SqliteConverters {

    private SqliteConverters() {}

    /** ISO-8601 text to java.time, as the driver stores it. */
    @ReadingConverter
    enum TextToTemporal implements GenericConverter {
        INSTANCE;

        @Override
        public Set<ConvertiblePair> getConvertibleTypes() {
            return Temporals.types().stream()
                    .map(type -> new ConvertiblePair(String.class, type))
                    .collect(Collectors.toSet());
        }

        @Override
        public @Nullable Object convert(@Nullable Object source, TypeDescriptor sourceType, TypeDescriptor targetType) {
            return source == null ? null : Temporals.parse((String) source, targetType.getType());
        }
    }

    /** 0 and 1 to false and true; a column declared BOOLEAN gives booleans by itself. */
    @ReadingConverter
    enum NumberToBoolean implements Converter<Number, Boolean> {
        INSTANCE;

        @Override
        public Boolean convert(Number source) {
            if (source instanceof Double || (source.longValue() & 1) != source.longValue()) {
                throw new IllegalArgumentException("a number that is neither 0 nor 1 is no boolean");
            }
            return source.longValue() == 1;
        }
    }
}
