/** What the library costs, measured: {@code mvn -q -Pbench verify}. Compiled by every build, run by that profile only. */
@NullMarked
package dev.pollux.bench;

import org.jspecify.annotations.NullMarked;
