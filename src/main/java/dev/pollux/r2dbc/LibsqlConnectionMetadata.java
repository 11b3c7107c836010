package dev.pollux.r2dbc;

import io.r2dbc.spi.ConnectionMetadata;

/** What is at the other end: the product's name and SQLite's version. */
record LibsqlConnectionMetadata(String getDatabaseProductName, String getDatabaseVersion)
        implements ConnectionMetadata {}
