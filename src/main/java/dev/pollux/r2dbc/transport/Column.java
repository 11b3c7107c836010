package dev.pollux.r2dbc.transport;

import org.jspecify.annotations.Nullable;

/**
 * A column of a result.
 *
 * @param name the name the statement gives it
 * @param declaredType the type in the table's definition, for example {@code INTEGER}, or null for an expression
 */
public record Column(String name, @Nullable String declaredType) {}
