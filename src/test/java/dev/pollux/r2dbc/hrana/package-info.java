/** The remote transport against a real sqld, and against scripted servers for faults that it can't be made to show. */
@NullMarked
package dev.pollux.r2dbc.hrana;

import org.jspecify.annotations.NullMarked;
