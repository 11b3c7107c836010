/**
 * The seam under the driver: run statements, stream rows, map errors.
 *
 * <p>A {@link dev.pollux.r2dbc.transport.Transport} opens {@link dev.pollux.r2dbc.transport.Session}s; a session runs
 * {@link dev.pollux.r2dbc.transport.Work} and gives one {@link dev.pollux.r2dbc.transport.Answer} a
 * {@link dev.pollux.r2dbc.transport.Call}. Nothing here knows whether the database is a file or a server.
 */
@NullMarked
package dev.pollux.r2dbc.transport;

import org.jspecify.annotations.NullMarked;
