package dev.pollux.spring;

import java.util.Collection;
import java.util.List;
import org.springframework.data.r2dbc.dialect.R2dbcDialect;
import org.springframework.data.relational.core.dialect.AbstractDialect;
import org.springframework.data.relational.core.dialect.InsertRenderContext;
import org.springframework.data.relational.core.dialect.InsertRenderContexts;
import org.springframework.data.relational.core.dialect.LimitClause;
import org.springframework.data.relational.core.dialect.LockClause;
import org.springframework.data.relational.core.sql.IdentifierProcessing;
import org.springframework.data.relational.core.sql.IdentifierProcessing.LetterCasing;
import org.springframework.data.relational.core.sql.IdentifierProcessing.Quoting;
import org.springframework.data.relational.core.sql.LockOptions;
import org.springframework.data.relational.core.sql.SqlIdentifier;
import org.springframework.data.relational.core.sql.render.PostgresUpsertRenderContext;
import org.springframework.data.relational.core.sql.render.UpsertRenderContext;
import org.springframework.r2dbc.core.binding.BindMarkersFactory;

/**
 * SQLite's SQL for Spring Data. The driver itself stores every simple type of Spring's; {@link SqliteConverters} read
 * back those whose column does not say what they are.
 *
 * <p>Spring Data escapes the wildcards in the argument of a {@code LIKE} that it derives, but has no place for the ESCAPE
 * clause that SQLite wants to know of it.
 */
final class SqliteDialect extends AbstractDialect implements R2dbcDialect {

    static final SqliteDialect INSTANCE = new SqliteDialect();

    /**
     * Backticks, because SQLite takes a name in double quotes that it does not know for a text, so that a property without
     * a column would go unnoticed. Names are as they are written; SQLite finds them in any case.
     *
     * @see <a href="https://www.sqlite.org/quirks.html#dblquote">SQLite: double-quoted string literals are accepted</a>
     */
    private static final IdentifierProcessing IDENTIFIERS =
            IdentifierProcessing.create(new Quoting("`"), LetterCasing.AS_IS);

    private SqliteDialect() {}

    /** Spring Data chooses the form of an upsert by this name, and SQLite took its form from PostgreSQL. */
    @Override
    public String getName() {
        return "Postgres";
    }

    @Override
    public UpsertRenderContext getUpsertRenderContext() {
        return PostgresUpsertRenderContext.INSTANCE;
    }

    @Override
    public BindMarkersFactory getBindMarkersFactory() {
        return SqliteBindMarkers.FACTORY;
    }

    @Override
    public IdentifierProcessing getIdentifierProcessing() {
        return IDENTIFIERS;
    }

    /** As it is, because the driver quotes it. */
    @Override
    public String renderForGeneratedValues(SqlIdentifier identifier) {
        return identifier.getReference();
    }

    @Override
    public LimitClause limit() {
        return Limit.CLAUSE;
    }

    /** None: a transaction that writes has the whole database to itself. */
    @Override
    public LockClause lock() {
        return NoLock.CLAUSE;
    }

    /** {@code INSERT INTO t DEFAULT VALUES}, which is SQL Server's form, too. */
    @Override
    public InsertRenderContext getInsertRenderContext() {
        return InsertRenderContexts.MS_SQL_SERVER;
    }

    @Override
    public Collection<Object> getConverters() {
        return List.of(SqliteConverters.TextToTemporal.INSTANCE, SqliteConverters.NumberToBoolean.INSTANCE);
    }

    private enum Limit implements LimitClause {
        CLAUSE;

        @Override
        public String getLimit(long limit) {
            return "LIMIT " + limit;
        }

        /** SQLite has no OFFSET without a LIMIT; a negative one is none. */
        @Override
        public String getOffset(long offset) {
            return "LIMIT -1 OFFSET " + offset;
        }

        @Override
        public String getLimitOffset(long limit, long offset) {
            return "LIMIT " + limit + " OFFSET " + offset;
        }

        @Override
        public LimitClause.Position getClausePosition() {
            return LimitClause.Position.AFTER_ORDER_BY;
        }
    }

    private enum NoLock implements LockClause {
        CLAUSE;

        @Override
        public String getLock(LockOptions lockOptions) {
            return "";
        }

        @Override
        public LockClause.Position getClausePosition() {
            return LockClause.Position.AFTER_ORDER_BY;
        }
    }
}
