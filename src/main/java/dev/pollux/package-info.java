/**
 * A durable task queue for Project Reactor that lives in a libSQL or SQLite database.
 *
 * <p>Start at {@code LibsqlStorage}.
 */
@NullMarked
package dev.pollux;

import org.jspecify.annotations.NullMarked;
