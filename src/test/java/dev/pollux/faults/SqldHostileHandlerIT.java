package dev.pollux.faults;

class SqldHostileHandlerIT extends HostileHandlerContract {

    @Override
    Target target() {
        return Target.sqld();
    }
}
