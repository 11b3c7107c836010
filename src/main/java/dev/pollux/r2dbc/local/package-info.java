/** A file or memory database through sqlite-jdbc, each connection on one thread at a time. */
@NullMarked
package dev.pollux.r2dbc.local;

import org.jspecify.annotations.NullMarked;
