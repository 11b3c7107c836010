package dev.pollux.r2dbc;

/** The contract on a libSQL server, however it is reached. */
abstract class ServerDriverContract extends DriverContract {

    @Override
    public String sizeLimit() {
        return "5 MB";
    }

    @Override
    public String product() {
        return "libSQL";
    }
}
