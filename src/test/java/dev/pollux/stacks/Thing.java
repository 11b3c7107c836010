package dev.pollux.stacks;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.annotation.Id;
import org.springframework.data.annotation.Version;

/** An entity with a property of each kind. */
@SuppressWarnings("ArrayRecordComponent") // compared field by field
record Thing(
        @Id @Nullable Long id,
        @Version int version,
        String name,
        boolean active,
        Color color,
        UUID code,
        BigDecimal price,
        double weight,
        Instant createdAt,
        LocalDate day,
        LocalDateTime moment,
        LocalTime time,
        byte[] data,
        @Nullable Integer rank) {

    /** The table with SQLite's own types. */
    static final String PLAIN = "CREATE TABLE thing (id INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL,"
            + " name TEXT NOT NULL UNIQUE, active INTEGER NOT NULL, color TEXT, code TEXT, price TEXT, weight REAL,"
            + " created_at TEXT, day TEXT, moment TEXT, time TEXT, data BLOB, rank INTEGER)";

    /** The same with the names of SQL's types, which give some columns another affinity. */
    static final String DECLARED = "CREATE TABLE thing (id INTEGER PRIMARY KEY AUTOINCREMENT, version BIGINT NOT NULL,"
            + " name VARCHAR(100) NOT NULL UNIQUE, active BOOLEAN NOT NULL, color VARCHAR(10), code UUID,"
            + " price DECIMAL(10, 2), weight DOUBLE PRECISION, created_at TIMESTAMP, day DATE, moment DATETIME,"
            + " time TIME, data BLOB, rank SMALLINT)";

    static Thing named(String name) {
        return new Thing(
                null,
                0,
                name,
                true,
                Color.GREEN,
                UUID.fromString("0b8b7a3e-0c1d-4e1e-9a55-2a5a1f3f8c11"),
                new BigDecimal("12.25"),
                0.5,
                Instant.parse("2026-02-28T01:02:03.000000004Z"),
                LocalDate.of(2026, 2, 28),
                LocalDateTime.of(2026, 2, 28, 1, 2, 3, 4),
                LocalTime.of(23, 59),
                new byte[] {0, -1, 127},
                null);
    }

    Thing renamed(String newName) {
        return new Thing(
                id, version, newName, active, color, code, price, weight, createdAt, day, moment, time, data, rank);
    }

    Thing ranked(Integer newRank) {
        return new Thing(
                id, version, name, active, color, code, price, weight, createdAt, day, moment, time, data, newRank);
    }

    Thing dated(Instant at) {
        return new Thing(id, version, name, active, color, code, price, weight, at, day, moment, time, data, rank);
    }
}
