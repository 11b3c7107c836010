package dev.pollux.stacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.OutcomeUnknownException;
import io.r2dbc.spi.R2dbcException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.PermissionDeniedDataAccessException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.r2dbc.BadSqlGrammarException;
import org.springframework.r2dbc.connection.ConnectionFactoryUtils;

/** What Spring makes of the driver's exceptions. */
class SpringErrorsTest {

    private static R2dbcException sqlite(String code, String message) {
        return Faults.sqlite(code, 0, message, "x.db", null, null);
    }

    static Stream<Arguments> errors() {
        return Stream.of(
                Arguments.of(sqlite("SQLITE_CONSTRAINT", "UNIQUE constraint failed: t.a"), DuplicateKeyException.class),
                Arguments.of(
                        sqlite("SQLITE_CONSTRAINT_PRIMARYKEY", "UNIQUE constraint failed: t.id"),
                        DuplicateKeyException.class),
                Arguments.of(
                        sqlite("SQLITE_CONSTRAINT_NOTNULL", "NOT NULL constraint failed: t.a"),
                        DataIntegrityViolationException.class),
                Arguments.of(
                        sqlite("SQLITE_CONSTRAINT_CHECK", "CHECK constraint failed: UNIQUE constraint failed"),
                        DataIntegrityViolationException.class),
                Arguments.of(sqlite("SQLITE_BUSY", "database is locked"), TransientDataAccessResourceException.class),
                Arguments.of(Faults.transactionLost("x.db", "taken", null, null), CannotAcquireLockException.class),
                Arguments.of(Faults.timedOut("x.db", "late", null, null), QueryTimeoutException.class),
                Arguments.of(
                        new OutcomeUnknownException("x.db", "no answer", null, null),
                        DataAccessResourceFailureException.class),
                Arguments.of(
                        Faults.connectionFailed("x.db", "nobody there", null),
                        TransientDataAccessResourceException.class),
                Arguments.of(
                        Faults.unauthorized("x.db", "a token is needed", null),
                        PermissionDeniedDataAccessException.class),
                Arguments.of(Faults.badGrammar("x.db", "no such table: t", null), BadSqlGrammarException.class));
    }

    @ParameterizedTest
    @MethodSource("errors")
    void eachKindOfErrorIsOneOfSprings(R2dbcException error, Class<?> expected) {
        assertThat(ConnectionFactoryUtils.convertR2dbcException("a query", null, error))
                .isExactlyInstanceOf(expected);
    }
}
