package dev.pollux.faults;

class SqldHostileCodeIT extends HostileCodeContract {

    @Override
    Target target() {
        return Target.sqld();
    }
}
