package dev.pollux.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/**
 * Figures that share a table of the report. Listing them is cheap: what a figure needs is made in its first round, and
 * closed with the suite.
 */
interface Suite extends AutoCloseable {

    List<Figure> figures();

    @Override
    default void close() throws IOException, SQLException {}
}
