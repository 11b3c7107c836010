package dev.pollux.r2dbc.hrana;

import dev.pollux.r2dbc.hrana.PipelineReply.ServerError;
import dev.pollux.r2dbc.transport.Column;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import okhttp3.Call;
import okhttp3.Response;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Schedulers;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The streamed answer to one statement: lines of JSON, read a portion at a time by whoever asks. Reading blocks.
 *
 * <p>States: idle, reading, closed. A close while a portion is read only cuts the connection, which ends the read; the
 * reader then finds the state closed and frees the response. So the response is never closed under a reader, and
 * whoever comes second frees it.
 */
final class Cursor {

    private static final long PORTION_BYTES = 256 * 1024;

    private enum State {
        IDLE,
        READING,
        CLOSED
    }

    private final Call call;
    private final Response response;
    private final BufferedSource source;
    private final int portionRows;
    private final AtomicReference<State> state = new AtomicReference<>(State.READING);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private @Nullable String baton;
    private @Nullable String baseUrl;
    private @Nullable List<Column> columns;
    private @Nullable ServerError error;
    private List<@Nullable Object[]> first = List.of();
    private boolean stepEnded;
    private volatile boolean finished;

    private Cursor(Call call, Response response, int portionRows) {
        this.call = call;
        this.response = response;
        this.source = response.body().source();
        this.portionRows = portionRows;
    }

    /** Reads the beginning of an answer: its columns and the first portion of rows. */
    static Cursor open(Call call, Response response, int portionRows) throws IOException {
        Cursor cursor = new Cursor(call, response, portionRows);
        cursor.readHead();
        cursor.first = cursor.portion();
        cursor.stopReading();
        return cursor;
    }

    @Nullable
    String baton() {
        return baton;
    }

    @Nullable
    String baseUrl() {
        return baseUrl;
    }

    /** The columns, or null if the statement did not run. */
    @Nullable
    List<Column> columns() {
        return columns;
    }

    /** Why the statement failed within the first portion, or null. */
    @Nullable
    ServerError error() {
        return error;
    }

    /** The first portion. */
    List<@Nullable Object[]> first() {
        return first;
    }

    /** Whether all was read. */
    boolean finished() {
        return finished;
    }

    /** Completes when all was read or the cursor was closed: the stream is free for its next request. */
    CompletionStage<Void> ended() {
        return ended;
    }

    /** Whether {@link #close()} came before the end. */
    boolean cut() {
        return state.get() == State.CLOSED && !finished;
    }

    /**
     * Reads the next portion; empty only at the end, or if the cursor was closed.
     *
     * @throws StatementFailed if the server reports an error in the middle of the rows
     */
    List<@Nullable Object[]> next() throws IOException {
        if (finished || !state.compareAndSet(State.IDLE, State.READING)) {
            return List.of();
        }
        try {
            List<@Nullable Object[]> rows = portion();
            if (error != null) {
                throw new StatementFailed(error);
            }
            return rows;
        } catch (IOException e) {
            if (state.get() == State.CLOSED) {
                return List.of();
            }
            throw e;
        } finally {
            stopReading();
        }
    }

    /** Stops: the connection is cut, and the server sends no more. Idempotent; safe from any thread. */
    void close() {
        if (finished) {
            return;
        }
        call.cancel();
        if (state.getAndSet(State.CLOSED) == State.IDLE) {
            // Closing may look whether the rest of the answer is there already, which counts as blocking.
            Schedulers.boundedElastic().schedule(response::close);
            ended.complete(null);
        }
    }

    private void stopReading() {
        if (finished || !state.compareAndSet(State.READING, State.IDLE)) {
            state.set(State.CLOSED);
            response.close();
            ended.complete(null);
        }
    }

    private void readHead() throws IOException {
        byte[] line = line();
        if (line == null) {
            throw new EOFException("an empty answer");
        }
        try (JsonParser json = Json.parser(line)) {
            json.nextToken();
            Json.expect(json, JsonToken.START_OBJECT);
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "baton" -> baton = Json.text(json);
                    case "base_url" -> baseUrl = Json.text(json);
                    default -> json.skipChildren();
                }
            }
        } catch (JacksonException e) {
            throw new MalformedReplyException("not JSON", e);
        }
    }

    /** Rows until the portion is full or the answer ends. */
    private List<@Nullable Object[]> portion() throws IOException {
        List<@Nullable Object[]> rows = new ArrayList<>();
        long bytes = 0;
        while (rows.size() < portionRows && bytes < PORTION_BYTES) {
            byte[] line = line();
            if (line == null) {
                // A statement that began and did not end was cut off; one that did not begin was skipped.
                if (columns != null && !stepEnded && error == null) {
                    throw new EOFException("the answer ends in the middle of its rows");
                }
                finished = true;
                return rows;
            }
            bytes += line.length;
            if (line.length > 0) {
                entry(line, rows);
            }
        }
        return rows;
    }

    private void entry(byte[] line, List<@Nullable Object[]> rows) {
        try (JsonParser json = Json.parser(line)) {
            json.nextToken();
            Json.expect(json, JsonToken.START_OBJECT);
            String type = "";
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "type" -> type = String.valueOf(Json.text(json));
                    case "cols" -> begin(ReplyReader.columns(json));
                    case "row" -> rows.add(row(json));
                    case "error" -> error = ReplyReader.error(json);
                    default -> json.skipChildren();
                }
            }
            stepEnded |= type.equals("step_end");
        } catch (JacksonException e) {
            throw new MalformedReplyException("not JSON", e);
        }
    }

    /** The rows that follow are read by these columns, so they stay. */
    private void begin(List<Column> given) {
        if (columns != null) {
            throw new MalformedReplyException("columns a second time");
        }
        columns = given;
    }

    private @Nullable Object[] row(JsonParser json) {
        if (columns == null) {
            throw new MalformedReplyException("a row before its columns");
        }
        @Nullable Object[] row = ReplyReader.row(json);
        ReplyReader.requireWidth(row, columns);
        return row;
    }

    /** The next line without its end, or null after the last. */
    private byte @Nullable [] line() throws IOException {
        long end = source.indexOf((byte) '\n');
        if (end < 0) {
            return source.exhausted() ? null : source.readByteArray();
        }
        byte[] line = source.readByteArray(end);
        source.skip(1);
        return line;
    }

    /** The statement failed after it gave rows. */
    static final class StatementFailed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient ServerError error;

        StatementFailed(ServerError error) {
            super(error.message());
            this.error = error;
        }

        ServerError error() {
            return error;
        }
    }
}
