package dev.pollux.r2dbc.hrana;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;

/** Answers that a real sqld gave, and the readers they are for, which may refuse an answer only in their own way. */
final class Answers {

    private static final OkHttpClient CLIENT = new OkHttpClient();
    private static final Request REQUEST =
            new Request.Builder().url("http://127.0.0.1/").build();

    static final List<byte[]> RECORDED = Stream.of(
                    "executed.json",
                    "values.json",
                    "errors.json",
                    "batch.json",
                    "cursor.ndjson",
                    "cursor_error.ndjson",
                    "bad_baton.json",
                    "bad_request.txt",
                    "bad_cursor.json")
            .map(Answers::recorded)
            .toList();

    private Answers() {}

    private static byte[] recorded(String name) {
        try (InputStream in = Answers.class.getResourceAsStream("answers/" + name)) {
            if (in == null) {
                throw new IllegalStateException("no answers/" + name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gives an answer to every reader; anything but their own kinds of refusal passes through. */
    static void readByAll(byte[] answer) {
        try {
            ReplyReader.read(answer).results().forEach(Answers::look);
        } catch (MalformedReplyException e) {
            requireMessage(e);
        }
        try {
            readCursor(answer);
        } catch (MalformedReplyException | IOException | Cursor.StatementFailed e) {
            requireMessage(e);
        }
        ErrorBody.read(answer);
    }

    /** What the driver above relies on. */
    private static void look(PipelineReply.Result result) {
        if (result instanceof PipelineReply.Result.Executed executed) {
            look(executed.answer().columns().size(), executed.answer().rows());
        } else if (result instanceof PipelineReply.Result.Batched batch) {
            for (int i = 0; i < batch.answers().size(); i++) {
                batch.skipped(i);
            }
        }
    }

    private static void look(int columns, List<@Nullable Object[]> rows) {
        for (@Nullable Object[] row : rows) {
            if (row.length != columns) {
                throw new AssertionError("a row of " + row.length + " values for " + columns + " columns");
            }
            for (Object value : row) {
                if (value != null
                        && !(value instanceof Long)
                        && !(value instanceof Double)
                        && !(value instanceof String)
                        && !(value instanceof byte[])) {
                    throw new AssertionError("a value that is a " + value.getClass());
                }
            }
        }
    }

    /** Reads a streamed answer to its end. */
    static void readCursor(byte[] answer) throws IOException {
        Response response = new Response.Builder()
                .request(REQUEST)
                .protocol(Protocol.HTTP_1_1)
                .code(200)
                .message("OK")
                .body(ResponseBody.create(answer, null))
                .build();
        Cursor cursor = Cursor.open(CLIENT.newCall(REQUEST), response, 2);
        List<@Nullable Object[]> rows = cursor.first();
        while (true) {
            look(cursor.columns() == null ? 0 : cursor.columns().size(), rows);
            if (cursor.finished()) {
                return;
            }
            rows = cursor.next();
        }
    }

    private static void requireMessage(Exception refusal) {
        if (refusal.getMessage() == null) {
            throw new AssertionError("a refusal without a message", refusal);
        }
    }
}
