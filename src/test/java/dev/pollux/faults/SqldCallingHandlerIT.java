package dev.pollux.faults;

class SqldCallingHandlerIT extends CallingHandlerContract {

    @Override
    Target target() {
        return Target.sqld();
    }
}
