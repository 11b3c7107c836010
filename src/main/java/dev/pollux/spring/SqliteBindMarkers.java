package dev.pollux.spring;

import io.r2dbc.spi.ConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.binding.BindMarkersFactory;
import org.springframework.r2dbc.core.binding.BindMarkersFactoryResolver.BindMarkerFactoryProvider;

/** Tells Spring's {@code DatabaseClient} how parameters are written. Apart from the dialect, which needs Spring Data. */
final class SqliteBindMarkers implements BindMarkerFactoryProvider {

    /** Numbered, so that a parameter that occurs twice is bound once. */
    static final BindMarkersFactory FACTORY = BindMarkersFactory.indexed("?", 1);

    @Override
    public @Nullable BindMarkersFactory getBindMarkers(ConnectionFactory connectionFactory) {
        return isOurs(connectionFactory) ? FACTORY : null;
    }

    /** By the name in the metadata, which pools and proxies hand on. */
    static boolean isOurs(ConnectionFactory connectionFactory) {
        return connectionFactory.getMetadata().getName().equals("libSQL");
    }
}
