/** The code in README.md, compiled and run. */
@NullMarked
package dev.pollux.readme;

import org.jspecify.annotations.NullMarked;
