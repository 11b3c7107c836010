/**
 * A WebFlux application: emails are taken by HTTP, sent by a worker, and watched while that happens.
 *
 * <p>Start at {@code EmailController} and {@code EmailWorker}.
 */
@NullMarked
package webflux;

import org.jspecify.annotations.NullMarked;
