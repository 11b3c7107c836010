package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.transport.Answer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a pipeline.
 *
 * @param baton names the stream in its next request, or null if the server closed it
 * @param baseUrl where the stream's next request goes, or null for where this one went
 * @param results one a request, in order; at least one
 */
record PipelineReply(@Nullable String baton, @Nullable String baseUrl, List<Result> results) {

    /** What one request of the pipeline gave. */
    sealed interface Result {
        /** How far the database was replicated where it ran, or null if that is not said. */
        default @Nullable Long index() {
            return null;
        }

        /** How long a batch waited for its first step, as the server says; zero if it does not. */
        default Duration waited() {
            return Duration.ZERO;
        }

        /** The statement's answer. */
        record Executed(Answer answer, @Nullable Long index) implements Result {}

        /**
         * One answer and one error a step. A step with neither was skipped, for its condition did not hold.
         */
        record Batched(
                List<@Nullable Answer> answers,
                List<@Nullable ServerError> errors,
                Duration waited,
                @Nullable Long index)
                implements Result {
            boolean skipped(int step) {
                return answers.get(step) == null && errors.get(step) == null;
            }
        }

        /** It failed as a whole. */
        record Failed(ServerError error) implements Result {}

        /** Something that carries nothing we read, such as the answer to a close. */
        record Other() implements Result {}
    }

    /** An error as the server gives it. */
    record ServerError(String message, @Nullable String code) {
        boolean is(String expected) {
            return expected.equals(code);
        }
    }

    /** Without the results of the requests that were put before the others. */
    PipelineReply without(int leading) {
        if (leading == 0) {
            return this;
        }
        if (results.size() <= leading) {
            throw new MalformedReplyException("an answer with too few results");
        }
        return new PipelineReply(baton, baseUrl, results.subList(leading, results.size()));
    }

    /** The result of the first request. */
    Result first() {
        return results.get(0);
    }
}
