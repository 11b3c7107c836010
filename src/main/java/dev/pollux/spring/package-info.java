/**
 * SQLite's dialect for Spring: its {@code DatabaseClient} and Spring Data R2DBC find it by themselves, through {@code
 * META-INF/spring.factories}. Without Spring on the class path nothing here is loaded.
 */
@NullMarked
package dev.pollux.spring;

import org.jspecify.annotations.NullMarked;
