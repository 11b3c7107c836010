package dev.pollux.faults;

class SqldRaceFaultIT extends RaceContract {

    @Override
    Target target() {
        return Target.sqld();
    }
}
