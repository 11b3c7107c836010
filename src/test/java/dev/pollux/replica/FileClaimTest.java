package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileClaimTest {

    @TempDir
    private Path folder;

    private FileClaim claim() {
        return new FileClaim(folder.resolve("queue.db").toString());
    }

    private String anotherProcessGetsIt() throws IOException {
        try (ChildJvm other = ChildJvm.startLight(
                ClaimProcess.class, folder.resolve("queue.db").toString())) {
            return String.valueOf(other.line());
        }
    }

    @Test
    void whoComesSecondDoesNotTakeItFromTheFirst() throws IOException {
        FileClaim first = claim();
        FileClaim second = claim();
        assertThat(first.hold()).isTrue();

        assertThat(second.hold()).isFalse();
        second.close();
        assertThat(claim().hold()).isFalse();

        assertThat(anotherProcessGetsIt()).isEqualTo("false");
        first.close();
        assertThat(anotherProcessGetsIt()).isEqualTo("true");
        assertThat(second.hold()).isTrue();
        second.close();
    }

    @Test
    void whoHasItHasItUntilItIsGivenBack() throws IOException {
        FileClaim claim = claim();
        assertThat(claim.hold()).isTrue();
        assertThat(claim.hold()).isTrue();

        claim.close();

        assertThat(claim.isHeld()).isFalse();
    }

    @Test
    void everyMemoryDatabaseIsItsOwners() throws IOException {
        assertThat(new FileClaim("").hold()).isTrue();
        assertThat(new FileClaim("").hold()).isTrue();
    }
}
