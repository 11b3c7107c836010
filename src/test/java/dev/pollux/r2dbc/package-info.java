@NullMarked
package dev.pollux.r2dbc;

import org.jspecify.annotations.NullMarked;
