package dev.pollux.faults;

class SqldHostileCodecIT extends HostileCodecContract {

    @Override
    Target target() {
        return Target.sqld();
    }
}
