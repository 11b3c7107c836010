/**
 * An R2DBC driver for libSQL, Turso and SQLite: {@code r2dbc:libsql:...}.
 *
 * @see <a href="https://r2dbc.io/spec/1.0.0.RELEASE/spec/html/">R2DBC 1.0</a>
 */
@NullMarked
package dev.pollux.r2dbc;

import org.jspecify.annotations.NullMarked;
