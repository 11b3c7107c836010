package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.PipelineReply.Result;
import dev.pollux.r2dbc.hrana.PipelineReply.ServerError;
import dev.pollux.r2dbc.transport.Answer;
import dev.pollux.r2dbc.transport.Call;
import dev.pollux.r2dbc.transport.Faults;
import dev.pollux.r2dbc.transport.Work;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads from a batch's results whether its work took effect, and gives the answers of its calls or the error. */
final class Outcomes {

    /** What a skipped step means in a transaction: the guard found none. */
    static final String GONE = "the server had ended it";

    private final HranaFaults faults;

    Outcomes(HranaFaults faults) {
        this.faults = faults;
    }

    /** The statement that error messages name: that of the only call. */
    static @Nullable String sql(Work work) {
        return work.calls().size() == 1 ? work.calls().get(0).sql() : null;
    }

    /** A call's answer, without what a server reports for reading calls from the statement before. */
    static Answer tidy(Call call, Answer answer) {
        return call.kind() == Call.Kind.READ ? new Answer(answer.columns(), answer.rows(), answer.more(), 0) : answer;
    }

    /**
     * The answers of work that brought its own transaction, as {@link Batches#alone} lays it out.
     *
     * @throws R2dbcException if it did not commit
     */
    List<Answer> alone(Work work, Result result, Ask ask) {
        Result.Batched batch = batch(result, work.calls().size() + 3, ask);
        int commit = work.calls().size() + 1;
        if (batch.answers().get(commit) != null) {
            return answers(work, batch, 1, ask);
        }
        for (int i = 0; i <= commit; i++) {
            ServerError error = batch.errors().get(i);
            if (error != null) {
                boolean isCall = i > 0 && i < commit;
                throw faults.server(error, isCall ? of(work, i - 1, ask) : ask);
            }
        }
        throw Faults.transactionLost(faults.where(), GONE, ask.sql(), null);
    }

    /**
     * The answers of work that joined the stream's transaction, as {@link Batches#joined} lays it out.
     *
     * @throws R2dbcException if a call failed, or the transaction is lost; the stream is told of that
     */
    List<Answer> joined(Work work, Result result, HranaStream stream, Ask ask) {
        Result.Batched batch;
        if (result instanceof Result.Failed failed) {
            throw failed(failed.error(), stream, ask);
        }
        batch = batch(result, work.calls().size(), ask);
        for (int i = 0; i < work.calls().size(); i++) {
            ServerError error = batch.errors().get(i);
            if (error != null) {
                throw failed(error, stream, of(work, i, ask));
            }
            if (batch.skipped(i)) {
                throw gone(stream, ask);
            }
        }
        return answers(work, batch, 0, ask);
    }

    /** A server's error in a transaction, which may be its end. */
    R2dbcException failed(ServerError error, HranaStream stream, Ask ask) {
        R2dbcException fault = faults.server(error, ask);
        if (fault instanceof R2dbcRollbackException) {
            stream.lose(String.valueOf(error.code()) + ": " + error.message());
        } else if (!stream.isGuarded() && !HranaFaults.isRefusal(error)) {
            // Version 2 can't ask whether SQLite rolled back, as it does for INSERT OR ROLLBACK, and what came after
            // that would commit by itself. So a constraint that leaves the transaction open costs it there, too.
            stream.lose("a statement failed, and version 2 of the protocol does not tell whether that rolled back");
        }
        return fault;
    }

    /** A step was skipped, for there was no transaction to run it in. */
    R2dbcException gone(HranaStream stream, Ask ask) {
        stream.lose(GONE);
        return Faults.transactionLost(faults.where(), GONE, ask.sql(), null);
    }

    private static Ask of(Work work, int call, Ask ask) {
        return new Ask(ask.stake(), work.calls().get(call).sql(), ask.timeout());
    }

    private Result.Batched batch(Result result, int steps, Ask ask) {
        if (result instanceof Result.Failed failed) {
            throw faults.server(failed.error(), ask);
        }
        if (result instanceof Result.Batched batch && batch.answers().size() == steps) {
            return batch;
        }
        throw faults.malformed(new MalformedReplyException("no batch of " + steps + " steps"), ask);
    }

    private List<Answer> answers(Work work, Result.Batched batch, int from, Ask ask) {
        List<Answer> answers = new ArrayList<>(work.calls().size());
        for (int i = 0; i < work.calls().size(); i++) {
            Answer answer = batch.answers().get(from + i);
            if (answer == null) {
                throw faults.malformed(new MalformedReplyException("a step without a result"), ask);
            }
            answers.add(tidy(work.calls().get(i), answer));
        }
        return answers;
    }
}
