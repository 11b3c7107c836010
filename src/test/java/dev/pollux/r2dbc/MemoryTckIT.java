package dev.pollux.r2dbc;

/** R2DBC's test kit on a memory database, which JDBC shares by its name. */
class MemoryTckIT extends LibsqlTestKit {

    MemoryTckIT() {
        super("r2dbc:libsql:mem:///tck", "jdbc:sqlite:file:/tck?vfs=memdb");
    }
}
