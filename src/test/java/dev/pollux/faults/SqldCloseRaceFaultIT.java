package dev.pollux.faults;

import dev.pollux.testing.Sqld;
import dev.pollux.testing.TestDatabase;
import java.time.Duration;

class SqldCloseRaceFaultIT extends CloseRaceContract {

    @Override
    TestDatabase emptyDatabase() {
        Sqld.shared().reset();
        return TestDatabase.at("r2dbc:libsql://127.0.0.1:" + Sqld.shared().port() + "?tls=0");
    }

    @Override
    String transport() {
        return "sqld";
    }

    @Override
    int rounds(int few, int many) {
        return Scale.of(few / 5, many / 5);
    }

    @Override
    Duration turn() {
        return Duration.ofMillis(4);
    }
}
