package dev.pollux.stacks;

import dev.pollux.testing.Sqld;
import org.junit.jupiter.api.BeforeEach;

class SqldStacksIT extends StacksContract {

    @BeforeEach
    void emptyServer() {
        Sqld.shared().reset();
    }

    @Override
    public String url() {
        return "libsql:" + Sqld.shared().url();
    }
}
