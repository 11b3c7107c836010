package dev.pollux.testing;

import java.io.IOException;

/** Signals of the operating system to processes of the tests. */
final class Signals {

    private Signals() {}

    /** Sends one by its name, such as STOP. */
    static void send(Process process, String name) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IOException("kill -" + name + " ended with " + exit);
        }
    }
}
