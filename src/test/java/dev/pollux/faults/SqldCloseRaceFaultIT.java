package dev.pollux.faults;

class SqldCloseRaceFaultIT extends CloseRaceContract {

    @Override
    Target target() {
        return Target.sqld();
    }
}
