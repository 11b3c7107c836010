package dev.pollux.r2dbc.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OwnWritesTest {

    private final OwnWrites writes = new OwnWrites(true);

    @Test
    void theIndexIsThatOfTheLastWrite() {
        assertThat(writes.index()).isNull();
        writes.answered(null, 5L, true);
        writes.answered(5L, 9L, true);

        assertThat(writes.index()).isEqualTo(9);
    }

    @Test
    void aWriteThatIsAnsweredLateLowersNothing() {
        writes.answered(null, 9L, true);
        writes.answered(null, 7L, true);

        assertThat(writes.index()).isEqualTo(9);
    }

    @Test
    void whatReadsAreAnsweredRaisesNothing() {
        writes.answered(null, 5L, true);
        writes.answered(5L, 9L, false);

        assertThat(writes.index()).isEqualTo(5);
    }

    @Test
    void anAnswerThatDoesNotComeAfterMeansThatTheServerCountsAnew() {
        writes.answered(null, 5000L, true);
        writes.answered(5000L, 12L, true);

        assertThat(writes.index()).isEqualTo(12);
    }

    @Test
    void ofTwoWritesToAServerThatCountsAnewTheLaterIsKept() {
        writes.answered(null, 5000L, true);
        writes.answered(5000L, 14L, true);
        writes.answered(5000L, 12L, true);

        assertThat(writes.index()).isEqualTo(14);
    }

    @Test
    void answersWithoutAnIndexAndTransportsThatDoNotCareChangeNothing() {
        writes.answered(null, 5L, true);
        writes.answered(5L, null, true);
        OwnWrites careless = new OwnWrites(false);
        careless.answered(null, 5L, true);

        assertThat(writes.index()).isEqualTo(5);
        assertThat(careless.index()).isNull();
    }
}
