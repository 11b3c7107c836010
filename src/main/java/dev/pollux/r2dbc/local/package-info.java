/** A file or memory database through sqlite-jdbc, each connection on its own thread. */
@NullMarked
package dev.pollux.r2dbc.local;

import org.jspecify.annotations.NullMarked;
