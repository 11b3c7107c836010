package dev.pollux.stacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.PermissionDeniedDataAccessException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.reactive.TransactionalOperator;

/** {@code @Transactional} through Spring's transaction manager. */
interface TransactionalContract extends Stacked {

    private void withSpring(BiConsumer<ThingService, TransactionalOperator> test) {
        run(Thing.PLAIN);
        try (AnnotationConfigApplicationContext spring = SpringStack.over(factory())) {
            test.accept(
                    spring.getBean(ThingService.class),
                    TransactionalOperator.create(spring.getBean(ReactiveTransactionManager.class)));
        }
    }

    private Iterable<String> names() {
        return query(String.class, "SELECT name FROM thing ORDER BY name");
    }

    @Test
    default void aMethodThatCompletesCommitsAndOneThatFailsRollsBack() {
        withSpring((service, operator) -> {
            service.saveAll("a", "b").block(PATIENCE);
            assertThatThrownBy(() -> service.saveAll("c", "a").block(PATIENCE))
                    .isInstanceOf(DuplicateKeyException.class);

            assertThat(names()).containsExactly("a", "b");
        });
    }

    @Test
    default void aNestedTransactionIsASavepoint() {
        withSpring((service, operator) -> {
            operator.transactional(service.saveAll("a")
                            .then(service.saveAllNested("b", "a"))
                            .onErrorComplete(DuplicateKeyException.class)
                            .then(service.saveAllNested("c", "d")))
                    .block(PATIENCE);
            assertThat(names()).containsExactly("a", "c", "d");

            assertThatThrownBy(() -> operator.transactional(
                                    service.saveAllNested("e").then(service.saveAll("a")))
                            .block(PATIENCE))
                    .isInstanceOf(DuplicateKeyException.class);
            assertThat(names()).containsExactly("a", "c", "d");
        });
    }

    @Test
    default void aReadOnlyTransactionReadsAndRefusesToWrite() {
        withSpring((service, operator) -> {
            service.saveAll("a").block(PATIENCE);

            assertThat(service.count().block(PATIENCE)).isEqualTo(1);
            assertThatThrownBy(() -> service.countAndSave("b").block(PATIENCE))
                    .isInstanceOf(PermissionDeniedDataAccessException.class);
            assertThat(names()).containsExactly("a");
        });
    }

    /** Spring hands a transaction's timeout on as the time to wait for a lock. */
    @Test
    default void aTransactionThatDoesNotGetTheLockInItsTimeoutNeverBegins() {
        withSpring((service, operator) -> {
            service.saveWithinASecond("a").block(PATIENCE);
            Connection other = Stacked.<Connection>all(factory().create()).get(0);
            Stacked.all(other.beginTransaction());

            assertThatThrownBy(() -> service.saveWithinASecond("b").block(PATIENCE))
                    .isInstanceOf(CannotCreateTransactionException.class)
                    .hasCauseInstanceOf(R2dbcTimeoutException.class);

            Stacked.all(other.rollbackTransaction());
            Stacked.all(other.close());
            service.saveWithinASecond("c").block(PATIENCE);
            assertThat(names()).containsExactly("a", "c");
        });
    }
}
