/** What breaks things on purpose, and checks that nothing is lost. */
@NullMarked
package dev.pollux.faults;

import org.jspecify.annotations.NullMarked;
