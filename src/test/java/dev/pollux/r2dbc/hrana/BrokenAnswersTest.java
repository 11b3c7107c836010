package dev.pollux.r2dbc.hrana;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.faults.Report;
import dev.pollux.testing.Mutator;
import dev.pollux.testing.Tries;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The readers of answers, fed with what no server should send: they refuse it in their own way, and soon. */
class BrokenAnswersTest {

    @Test
    void realAnswersAreRead() {
        Answers.RECORDED.forEach(Answers::readByAll);
        assertThat(ReplyReader.read(Answers.RECORDED.get(0)).results()).hasSize(3);
    }

    @Test
    void answersThatAreCutOffAnywhereAreRefused() {
        int given = 0;
        int ended = 0;
        try {
            for (byte[] answer : Answers.RECORDED) {
                for (int length = 0; length < answer.length; length++) {
                    given++;
                    Answers.readByAll(Arrays.copyOf(answer, length));
                    ended++;
                }
            }
        } finally {
            Report.addInputs("12 answers that were cut off", given, given - ended);
        }
    }

    @Test
    void changedAnswersAreReadOrRefused() {
        long seed = new Random().nextLong();
        Mutator mutator = new Mutator(seed, Answers.RECORDED);
        int given = 0;
        int ended = 0;
        try {
            for (int i = 0; i < Tries.of(30_000); i++) {
                byte[] answer = mutator.next();
                given++;
                try {
                    Answers.readByAll(answer);
                } catch (Throwable e) {
                    throw new AssertionError(
                            "seed " + seed + ", variant " + i + ": " + new String(answer, ISO_8859_1), e);
                }
                ended++;
            }
        } finally {
            Report.addInputs("12 answers that were changed", given, given - ended);
        }
    }

    @Test
    void deepNestingIsRefused() {
        for (String deep : new String[] {"[", "{\"a\":", "{\"results\":[{\"response\":{\"result\":{\"rows\":[["}) {
            Answers.readByAll(deep.repeat(100_000).getBytes(UTF_8));
        }
        String skipped = "{\"unknown\":" + "[".repeat(100_000) + "]".repeat(100_000) + ",\"results\":[{}]}";
        assertThatThrownBy(() -> ReplyReader.read(skipped.getBytes(UTF_8))).isInstanceOf(MalformedReplyException.class);
    }

    @Test
    void aNumberThatFitsNoIntegerIsRefusedRatherThanCut() {
        for (String value : new String[] {"99999999999999999999", "\"99999999999999999999\"", "1.5", "1e400"}) {
            String answer = ScriptedServer.executed("\"integer\",\"value\":" + value);
            assertThatThrownBy(() -> ReplyReader.read(answer.getBytes(UTF_8)))
                    .as(value)
                    .isInstanceOf(MalformedReplyException.class);
        }
    }

    @Test
    void aRowThatDoesNotFitItsColumnsIsRefused() {
        for (String row : new String[] {"[]", "[{\"type\":\"null\"},{\"type\":\"null\"}]"}) {
            String answer =
                    "{\"results\":[{\"response\":{\"result\":{\"cols\":[{\"name\":\"a\"}],\"rows\":[" + row + "]}}}]}";
            assertThatThrownBy(() -> ReplyReader.read(answer.getBytes(UTF_8)))
                    .isInstanceOf(MalformedReplyException.class)
                    .hasMessageContaining("1 columns");
        }
    }

    @Test
    void columnsThatChangeUnderTheirRowsAreRefused() {
        String begin = "{\"type\":\"step_begin\",\"step\":0,\"cols\":[{\"name\":\"a\"}]}\n";
        String row = "{\"type\":\"row\",\"row\":[{\"type\":\"null\"}]}\n";
        for (String second : new String[] {begin, "{\"type\":\"step_end\",\"cols\":[]}\n"}) {
            byte[] answer = ("{\"baton\":null,\"base_url\":null}\n" + begin + row + second).getBytes(UTF_8);
            assertThatThrownBy(() -> Answers.readCursor(answer))
                    .isInstanceOf(MalformedReplyException.class)
                    .hasMessageContaining("second time");
        }
    }
}
