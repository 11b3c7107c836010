package dev.pollux.r2dbc;

/** The contract on a memory database. */
class MemoryDriverIT extends DriverContract implements LockContract, LocalContract {

    @Override
    String url() {
        return "r2dbc:libsql:mem:///contract";
    }

    @Override
    public String sizeLimit() {
        return "1 GB";
    }

    @Override
    public String product() {
        return "SQLite";
    }
}
