package dev.pollux.stacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.data.annotation.Id;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Sort;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.relational.core.mapping.Table;
import org.springframework.data.relational.core.query.Criteria;
import org.springframework.data.relational.core.query.Query;
import org.springframework.r2dbc.BadSqlGrammarException;
import reactor.core.publisher.Flux;

/** Spring Data R2DBC, which finds SQLite's dialect by itself. */
interface RepositoryContract extends Stacked {

    private void withSpring(BiConsumer<Things, R2dbcEntityTemplate> test) {
        try (AnnotationConfigApplicationContext spring = SpringStack.over(factory())) {
            test.accept(spring.getBean(Things.class), spring.getBean(R2dbcEntityTemplate.class));
        }
    }

    private static <T> T one(Publisher<T> publisher) {
        return Stacked.<T>all(publisher).get(0);
    }

    private static List<String> names(Flux<Thing> things) {
        return Stacked.all(things.map(Thing::name));
    }

    private static void save(Things things, String... names) {
        Stacked.all(Flux.fromArray(names).concatMap(name -> things.save(Thing.named(name))));
    }

    @ParameterizedTest
    @ValueSource(strings = {Thing.PLAIN, Thing.DECLARED})
    default void everyPropertyComesBackAsItWas(String table) {
        run(table);
        withSpring((things, template) -> {
            Thing saved = one(things.save(Thing.named("kettle").ranked(3)));
            Thing cleared = one(things.save(Thing.named("cup")));

            assertThat(saved.id()).isEqualTo(1);
            assertThat(saved.version()).isEqualTo(1);
            assertThat(cleared.id()).isEqualTo(2);
            assertThat(one(things.findById(1L))).usingRecursiveComparison().isEqualTo(saved);
            assertThat(one(things.findByName("cup"))).usingRecursiveComparison().isEqualTo(cleared);
        });
    }

    /** The types of java.time that {@link Thing} has no property of. */
    @Table("times")
    record Times(
            @Id @Nullable Long id,
            OffsetDateTime offset,
            ZonedDateTime zoned,
            OffsetTime time,
            Year year,
            YearMonth month,
            Duration duration) {}

    @Test
    default void theOtherTypesOfJavaTimeComeBackToo() {
        run("CREATE TABLE times (id INTEGER PRIMARY KEY, offset TEXT, zoned TEXT, time TEXT, year TEXT, month TEXT,"
                + " duration TEXT)");
        withSpring((things, template) -> {
            Times saved = one(template.insert(new Times(
                    null,
                    OffsetDateTime.parse("2026-02-28T01:02:03.4+02:00"),
                    ZonedDateTime.parse("2026-02-28T01:02:03+01:00[Europe/Warsaw]"),
                    OffsetTime.parse("01:02:03+02:00"),
                    Year.of(2026),
                    YearMonth.of(2026, 2),
                    Duration.ofMinutes(90))));

            assertThat(one(template.select(Query.empty(), Times.class))).isEqualTo(saved);
        });
    }

    @Test
    default void entitiesAreUpdatedAndDeleted() {
        run(Thing.PLAIN);
        withSpring((things, template) -> {
            save(things, "a", "b", "c");
            Thing b = one(things.findByName("b"));

            one(things.save(b.renamed("bb")));
            Stacked.all(things.deleteById(1L));

            assertThat(names(things.findAll())).containsExactlyInAnyOrder("bb", "c");
            assertThat(one(things.deleteByName("c"))).isEqualTo(1);
            assertThat(one(things.count())).isEqualTo(1);
            assertThat(one(things.existsByName("bb"))).isTrue();
            assertThat(one(things.existsByName("b"))).isFalse();
            assertThatThrownBy(() -> save(things, "bb")).isInstanceOf(DuplicateKeyException.class);
        });
    }

    @Test
    default void pagesAndSortOrdersAreSqlites() {
        run(Thing.PLAIN);
        withSpring((things, template) -> {
            save(things, "e", "d", "c", "b", "a");
            Sort byName = Sort.by("name");
            one(things.rank("c", 1));
            one(things.rank("b", 2));

            assertThat(names(things.findAllBy(PageRequest.of(0, 2, byName)))).containsExactly("a", "b");
            assertThat(names(things.findAllBy(PageRequest.of(2, 2, byName)))).containsExactly("e");
            assertThat(names(template.select(Query.empty().sort(byName).offset(3), Thing.class)))
                    .containsExactly("d", "e");
            assertThat(names(template.select(Query.empty().sort(byName).limit(1), Thing.class)))
                    .containsExactly("a");
            assertThat(names(things.findAllBy(Sort.by(Sort.Order.asc("rank").nullsLast(), Sort.Order.asc("name")))))
                    .containsExactly("c", "b", "a", "d", "e");
            assertThat(one(things.findFirstByOrderByNameDesc()).name()).isEqualTo("e");
        });
    }

    @Test
    default void queriesAreDerivedFromNames() {
        run(Thing.PLAIN);
        withSpring((things, template) -> {
            save(things, "tea", "teapot", "cup");
            Instant late = Instant.parse("2027-01-01T00:00:00Z");
            one(things.save(one(things.findByName("cup")).dated(late)));

            assertThat(names(things.findByNameStartingWithOrderByNameDesc("tea")))
                    .containsExactly("teapot", "tea");
            assertThat(names(things.findByCreatedAtAfterAndActiveTrue(late.minusNanos(1), Sort.by("id"))))
                    .containsExactly("cup");
            assertThat(names(things.findByCreatedAtAfterAndActiveTrue(late, Sort.by("id"))))
                    .isEmpty();
            assertThat(names(things.findByColorAndNameIn(Color.GREEN, List.of("cup", "tea"))))
                    .containsExactlyInAnyOrder("cup", "tea");
            assertThat(one(things.countByColor(Color.RED))).isZero();
            assertThat(names(things.findByRankIsNull())).hasSize(3);
            assertThat(one(things.rank("tea", 7))).isEqualTo(1);
            assertThat(one(things.nextAfter(6)).name()).isEqualTo("tea");
            assertThat(one(template.exists(Query.query(Criteria.where("weight").between(0.4, 0.6)), Thing.class)))
                    .isTrue();
        });
    }

    @Test
    default void aWildcardInAQueryOfOnesOwnCanBeEscaped() {
        run(Thing.PLAIN);
        withSpring((things, template) -> {
            save(things, "100% wool", "1000 wool");

            assertThat(names(things.named("100\\% %"))).containsExactly("100% wool");
        });
    }

    @Test
    default void repositoriesAndTransactionsWorkOverAPool() {
        run(Thing.PLAIN);
        ConnectionPool pool = new ConnectionPool(
                ConnectionPoolConfiguration.builder(factory()).maxSize(2).build());
        try (AnnotationConfigApplicationContext spring = SpringStack.over(pool)) {
            Things things = spring.getBean(Things.class);
            ThingService service = spring.getBean(ThingService.class);

            Stacked.all(Flux.range(0, 20).flatMap(i -> service.saveAll("a" + i, "b" + i), 20));
            assertThatThrownBy(() -> service.saveAll("c", "a0").block(PATIENCE))
                    .isInstanceOf(DuplicateKeyException.class);

            assertThat(one(things.count())).isEqualTo(40);
        } finally {
            Stacked.all(pool.disposeLater());
        }
    }

    @Test
    default void aStaleVersionIsAnOptimisticLockingFailure() {
        run(Thing.PLAIN);
        withSpring((things, template) -> {
            Thing first = one(things.save(Thing.named("a")));
            Thing second = one(things.save(first.renamed("b")));

            assertThat(second.version()).isEqualTo(2);
            assertThatThrownBy(() -> one(things.save(first.renamed("c"))))
                    .isInstanceOf(OptimisticLockingFailureException.class);
            assertThat(one(things.findById(1L)).name()).isEqualTo("b");
        });
    }

    /** An entity whose only column is its key. */
    @Table("counter")
    record Counter(@Id @Nullable Long id) {}

    @Test
    default void aRowOfDefaultsIsInserted() {
        run("CREATE TABLE counter (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP)");
        withSpring((things, template) -> {
            assertThat(one(template.insert(new Counter(null))).id()).isEqualTo(1);
            assertThat(one(template.insert(new Counter(null))).id()).isEqualTo(2);
        });
    }

    /** An entity with a key of its own. */
    @Table("setting")
    record Setting(@Id String name, String content) {}

    @Test
    default void anUpsertInsertsOrUpdates() {
        run("CREATE TABLE setting (name TEXT PRIMARY KEY, content TEXT NOT NULL)");
        withSpring((things, template) -> {
            one(template.upsert(new Setting("a", "1")));
            one(template.upsert(new Setting("b", "1")));
            one(template.upsert(new Setting("a", "2")));

            assertThat(Stacked.all(template.select(Query.empty().sort(Sort.by("name")), Setting.class)))
                    .containsExactly(new Setting("a", "2"), new Setting("b", "1"));
        });
    }

    /** SQLite takes a name in double quotes that it does not know for a text; Spring quotes all names. */
    @Test
    default void aPropertyWithoutAColumnIsBadGrammar() {
        run("CREATE TABLE setting (name TEXT PRIMARY KEY)");
        withSpring((things, template) -> {
            assertThatThrownBy(() -> Stacked.all(template.select(
                            Query.query(Criteria.where("content").is("content")), Setting.class)))
                    .isInstanceOf(BadSqlGrammarException.class);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"day = 'tomorrow'", "active = 4711", "color = 'blue'", "code = 'none'"})
    default void aValueThatIsNotOfItsPropertysTypeIsAnError(String wrong) {
        run(Thing.PLAIN);
        withSpring((things, template) -> {
            save(things, "a");
            run("UPDATE thing SET " + wrong);

            assertThatThrownBy(() -> one(things.findByName("a"))).isInstanceOf(RuntimeException.class);
        });
    }
}
