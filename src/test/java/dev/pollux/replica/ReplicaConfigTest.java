package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What users set, and what they are told when they set it wrong. */
class ReplicaConfigTest {

    @Test
    void allBadSettingsAreNamedAtOnce() {
        assertThatThrownBy(() -> ReplicaConfig.builder()
                        .syncInterval(Duration.ofMillis(1))
                        .reenqueueOrphanedAfter(Duration.ofSeconds(10))
                        .margin(Duration.ofSeconds(10))
                        .mostHeld(0)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("replica: syncInterval must be PT0.01S or more, not PT0.001S; ")
                .hasMessageContaining("margin (PT10S) and syncInterval (PT0.001S) together must be shorter than"
                        + " reenqueueOrphanedAfter (PT10S)")
                .hasMessageContaining("reenqueueOrphanedAfter (PT10S) must be longer than margin (PT10S) by PT3S")
                .hasMessageContaining("mostHeld must be 1 or more, not 0");
    }

    @Test
    void aPartOfASecondIsAWholeOneBeforeAReplicaIsTakenForDead() {
        ReplicaConfig config = ReplicaConfig.builder()
                .reenqueueOrphanedAfter(Duration.ofMillis(60_100))
                .build();
        assertThat(config.orphanedAfterSeconds()).isEqualTo(61);
        assertThat(ReplicaConfig.defaults().orphanedAfterSeconds()).isEqualTo(300);
    }
}
