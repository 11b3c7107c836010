package dev.pollux.r2dbc.hrana;

import java.io.IOException;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A server that answers as it is told, and the answers that a libSQL server gives. */
abstract class ScriptedServer {

    static final String VERSION = executed("\"text\",\"value\":\"3.45.1\"");

    final MockWebServer server = new MockWebServer();

    @BeforeEach
    void start() throws IOException {
        server.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    HranaOptions.Builder options() {
        return HranaOptions.builder(URI.create("http://" + server.getHostName() + ":" + server.getPort()));
    }

    Remote remote() {
        return new Remote(options().build());
    }

    /** What the first open asks. */
    void greet() {
        server.enqueue(new MockResponse.Builder().code(200).build());
        answer(VERSION);
    }

    /** What it asks a server that speaks version 2, in three requests. */
    void greetInVersionTwo() {
        server.enqueue(new MockResponse.Builder().code(404).build());
        answer(VERSION.replace("\"baton\":null", "\"baton\":\"b0\""));
        answer(closed());
    }

    void begun() {
        answer("{\"baton\":\"b1\",\"base_url\":null,"
                + results("{\"type\":\"execute\",\"result\":{\"cols\":[],\"rows\":[]}}"));
    }

    void lostAnswer() {
        server.enqueue(new MockResponse.Builder()
                .onResponseStart(new SocketEffect.CloseSocket())
                .build());
    }

    void answer(String body) {
        server.enqueue(reply(body));
    }

    static MockResponse reply(String body) {
        return new MockResponse.Builder().code(200).body(body).build();
    }

    RecordedRequest taken() throws InterruptedException {
        RecordedRequest request = server.takeRequest(10, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("no request came");
        }
        return request;
    }

    static String body(RecordedRequest request) {
        ByteString body = request.getBody();
        return body == null ? "" : body.utf8();
    }

    static String executed(String value) {
        return "{\"baton\":null,\"base_url\":null,"
                + results(
                        "{\"type\":\"execute\",\"result\":{\"cols\":[{\"name\":\"a\",\"decltype\":null}],\"rows\":[[{\"type\":"
                                + value + "}]],\"affected_row_count\":0,\"last_insert_rowid\":null}}");
    }

    static String row() {
        return "{\"cols\":[],\"rows\":[],\"affected_row_count\":0,\"last_insert_rowid\":null}";
    }

    static String batchResult(String result, String error) {
        return results(
                "{\"type\":\"batch\",\"result\":{\"step_results\":[" + result + "],\"step_errors\":[" + error + "]}}");
    }

    static String results(String response) {
        return "\"results\":[{\"type\":\"ok\",\"response\":" + response
                + "},{\"type\":\"ok\",\"response\":{\"type\":\"close\"}}]}";
    }

    /** The answer to a pipeline that does no more than close its stream. */
    static String closed() {
        return "{\"baton\":null,\"base_url\":null,\"results\":[{\"type\":\"ok\",\"response\":{\"type\":\"close\"}}]}";
    }
}
