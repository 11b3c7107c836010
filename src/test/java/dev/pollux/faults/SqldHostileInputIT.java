package dev.pollux.faults;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;

class SqldHostileInputIT extends HostileInputContract {

    @Override
    TestDatabase emptyDatabase() {
        Sqld.shared().reset();
        return TestDatabase.at(Sqld.shared().r2dbcUrl());
    }

    /** sqld takes values of up to 5 MB. */
    @Override
    long mostBytes() {
        return 4_500_000;
    }
}
