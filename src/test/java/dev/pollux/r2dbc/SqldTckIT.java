package dev.pollux.r2dbc;

import dev.pollux.testing.Sqld;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.HexFormat;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.PreparedStatementCallback;

/** R2DBC's test kit on a real libSQL server, which JDBC reaches by DBeaver's driver: code that is not ours. */
class SqldTckIT extends LibsqlTestKit {

    SqldTckIT() {
        super(
                "r2dbc:libsql:" + Sqld.shared().url(),
                "jdbc:dbeaver:libsql:" + Sqld.shared().url());
        Sqld.shared().reset();
    }

    @Override
    JdbcOperations operations(DataSource jdbc) {
        return new LiteralTemplate(jdbc);
    }

    /**
     * Writes the value that is bound into the text. DBeaver's driver has no {@code executeUpdate()} of a prepared
     * statement, and sends a byte array as its {@code toString()}.
     */
    private static final class LiteralTemplate extends JdbcTemplate {

        LiteralTemplate(DataSource jdbc) {
            super(jdbc);
        }

        @Override
        public <T extends @Nullable Object> T execute(String sql, PreparedStatementCallback<T> action) {
            InvocationHandler statement = new LiteralStatement(sql, this);
            try {
                return action.doInPreparedStatement((PreparedStatement) Proxy.newProxyInstance(
                        getClass().getClassLoader(), new Class<?>[] {PreparedStatement.class}, statement));
            } catch (SQLException e) {
                throw translateException("write literals", sql, e);
            }
        }
    }

    /** A prepared statement with one parameter, as far as the kit uses it. */
    private static final class LiteralStatement implements InvocationHandler {

        private final JdbcOperations jdbc;
        private String sql;

        LiteralStatement(String sql, JdbcOperations jdbc) {
            this.sql = sql;
            this.jdbc = jdbc;
        }

        @Override
        public @Nullable Object invoke(Object proxy, Method method, Object[] args) throws SQLException {
            switch (method.getName()) {
                case "setString" -> set("'" + ((String) args[1]).replace("'", "''") + "'");
                case "setBytes" -> set("x'" + HexFormat.of().formatHex((byte[]) args[1]) + "'");
                case "executeUpdate" -> {
                    return jdbc.update(sql);
                }
                default -> throw new SQLFeatureNotSupportedException(method.getName());
            }
            return null;
        }

        private void set(String literal) {
            sql = sql.replace("?", literal);
        }
    }
}
