package dev.pollux.faults;

class SqldHostileListenerIT extends HostileListenerContract {

    @Override
    Target target() {
        return Target.sqld();
    }
}
