package dev.pollux.stacks;

import java.time.Instant;
import java.util.Collection;
import org.springframework.data.domain.Pageable;
import org.springframework.data.domain.Sort;
import org.springframework.data.r2dbc.repository.Modifying;
import org.springframework.data.r2dbc.repository.Query;
import org.springframework.data.relational.core.sql.LockMode;
import org.springframework.data.relational.repository.Lock;
import org.springframework.data.repository.reactive.ReactiveCrudRepository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A repository whose queries Spring Data derives from their names. */
interface Things extends ReactiveCrudRepository<Thing, Long> {

    Mono<Thing> findByName(String name);

    Flux<Thing> findByNameStartingWithOrderByNameDesc(String prefix);

    Flux<Thing> findByCreatedAtAfterAndActiveTrue(Instant instant, Sort sort);

    Flux<Thing> findByColorAndNameIn(Color color, Collection<String> names);

    Flux<Thing> findAllBy(Pageable page);

    Flux<Thing> findAllBy(Sort sort);

    Mono<Thing> findFirstByOrderByNameDesc();

    @Lock(LockMode.PESSIMISTIC_WRITE)
    Flux<Thing> findByRankIsNull();

    Mono<Boolean> existsByName(String name);

    Mono<Long> countByColor(Color color);

    Mono<Long> deleteByName(String name);

    @Query("SELECT * FROM thing WHERE rank > :rank ORDER BY rank LIMIT 1")
    Mono<Thing> nextAfter(int rank);

    @Query("SELECT * FROM thing WHERE name LIKE :pattern ESCAPE '\\'")
    Flux<Thing> named(String pattern);

    @Modifying
    @Query("UPDATE thing SET rank = :rank WHERE name = :name")
    Mono<Integer> rank(String name, int rank);
}
