package dev.pollux.faults;

class SqldSetupRaceFaultIT extends SetupRaceContract {

    @Override
    Target target() {
        return Target.sqld();
    }
}
