package dev.pollux.stacks;

import io.r2dbc.spi.ConnectionFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.r2dbc.repository.config.EnableR2dbcRepositories;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;

/** A Spring application over a connection factory: repositories, and transactions by annotation. */
@Configuration(proxyBeanMethods = false)
@EnableR2dbcRepositories
@EnableTransactionManagement
class SpringStack {

    static AnnotationConfigApplicationContext over(ConnectionFactory factory) {
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        context.registerBean(ConnectionFactory.class, () -> factory);
        context.register(SpringStack.class, ThingService.class);
        context.refresh();
        return context;
    }

    @Bean
    R2dbcEntityTemplate r2dbcEntityTemplate(ConnectionFactory factory) {
        return new R2dbcEntityTemplate(factory);
    }

    @Bean
    R2dbcTransactionManager transactionManager(ConnectionFactory factory) {
        return new R2dbcTransactionManager(factory);
    }
}
