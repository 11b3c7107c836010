package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** When the rows of a result that nobody reads are given up. */
class OpenAnswerTest {

    private final OpenAnswer answer = new OpenAnswer(new Answer(List.of(), List.of(), Flux.never(), 0), Call.Kind.READ);

    private void useConnectionElsewhere() {
        CompletableFuture.runAsync(answer::abandonUnread).join();
    }

    private void assertGivenUp() {
        assertThatThrownBy(answer::read).hasMessageContaining("its rows are gone");
    }

    @Test
    void whoeverGetsItMayReadItThoughAnotherThreadUsesTheConnectionMeanwhile() {
        useConnectionElsewhere();

        assertThatCode(answer::read).doesNotThrowAnyException();
        answer.passed();
        assertThatCode(answer::free).doesNotThrowAnyException();
    }

    @Test
    void ifWhoeverGetsItDoesNotItIsGivenUpThen() {
        useConnectionElsewhere();
        answer.passed();

        assertGivenUp();
    }

    @Test
    void ifWhoeverGetsItUsesTheConnectionInsteadItIsGivenUpAtOnce() {
        answer.abandonUnread();

        assertGivenUp();
    }

    @Test
    void onceItIsPassedOnItIsGivenUpWhereverTheConnectionIsUsedNext() {
        answer.passed();
        useConnectionElsewhere();

        assertGivenUp();
    }
}
