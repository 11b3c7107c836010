package dev.pollux.readme;

import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.annotation.Id;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Pageable;
import org.springframework.data.domain.Sort;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.r2dbc.repository.config.EnableR2dbcRepositories;
import org.springframework.data.repository.reactive.ReactiveCrudRepository;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import reactor.core.publisher.Flux;

// snippet: spring
@Configuration
@EnableR2dbcRepositories
@EnableTransactionManagement
class ShopDatabase {

    @Bean
    ConnectionFactory connectionFactory() {
        return ConnectionFactories.get("r2dbc:libsql:mem:///customers");
    }

    @Bean
    R2dbcEntityTemplate r2dbcEntityTemplate(ConnectionFactory database) {
        return new R2dbcEntityTemplate(database);
    }

    @Bean
    R2dbcTransactionManager transactionManager(ConnectionFactory database) {
        return new R2dbcTransactionManager(database);
    }
    // end

    /** Uses it; gives the second page of two customers. */
    static List<String> customers() {
        Duration patience = Duration.ofSeconds(30);
        try (AnnotationConfigApplicationContext spring = new AnnotationConfigApplicationContext(ShopDatabase.class)) {
            spring.getBean(R2dbcEntityTemplate.class)
                    .getDatabaseClient()
                    .sql("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, since TEXT)")
                    .then()
                    .block(patience);
            Customers customers = spring.getBean(Customers.class);
            return Flux.just("Anna", "Bert", "Carl")
                    .concatMap(name -> customers.save(new Customer(null, name, Instant.EPOCH)))
                    .thenMany(customers.findBySinceBefore(Instant.now(), PageRequest.of(1, 2, Sort.by("name"))))
                    .map(Customer::name)
                    .collectList()
                    .blockOptional(patience)
                    .orElseThrow();
        }
    }
    // snippet: spring
}

record Customer(@Id @Nullable Long id, String name, Instant since) {}

interface Customers extends ReactiveCrudRepository<Customer, Long> {

    Flux<Customer> findBySinceBefore(Instant instant, Pageable page);
}
// end
