/** The driver under what people put over it: pools, proxies, Spring and jOOQ. One contract, on each kind of database. */
@NullMarked
package dev.pollux.stacks;

import org.jspecify.annotations.NullMarked;
