/** What the suites share: real servers and their keys. */
@NullMarked
package dev.pollux.testing;

import org.jspecify.annotations.NullMarked;
