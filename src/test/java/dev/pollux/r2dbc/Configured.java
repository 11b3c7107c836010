package dev.pollux.r2dbc;

/** A database under test that can be opened with options. */
interface Configured extends Driven {

    /** Another factory for it, with an option as URLs have them, for the length of a test. */
    LibsqlConnectionFactory factoryWith(String option);
}
