package webflux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pollux.TaskId;
import dev.pollux.TaskStatus;
import dev.pollux.testing.TestDatabase;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.WebTestClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The whole application on a free port, as a client sees it and as the database has it afterwards. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
abstract class ApplicationContract {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String LEASES = "SELECT count(*) FROM Jobs WHERE status IN ('Queued', 'Running')";

    private final HeldMailer mailer = new HeldMailer();
    private final List<ConfigurableApplicationContext> contexts = new ArrayList<>();
    private String url = "";

    /** The URL of a database without tables. */
    abstract String emptyDatabase();

    @BeforeEach
    void openDatabase() {
        url = emptyDatabase();
    }

    @AfterEach
    void closeContexts() {
        mailer.goOn();
        contexts.forEach(ConfigurableApplicationContext::close);
    }

    /** Starts the application with more of its settings. */
    private ConfigurableApplicationContext start(String... settings) {
        List<String> args = new ArrayList<>(List.of(
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--pollux.url=" + url,
                // Netty waits so long, at the very end, for work that may come yet.
                "--spring.reactor.netty.shutdown-quiet-period=0s"));
        args.addAll(List.of(settings));
        ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .initializers(starting -> ((GenericApplicationContext) starting)
                        .registerBean(HeldMailer.class, () -> mailer, bean -> bean.setPrimary(true)))
                .run(args.toArray(String[]::new));
        contexts.add(context);
        return context;
    }

    private static WebTestClient client(ConfigurableApplicationContext context) {
        return WebTestClient.bindToServer()
                .baseUrl("http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port"))
                .responseTimeout(PATIENCE)
                .build();
    }

    private static URI post(WebTestClient client, String to) {
        URI location = client.post()
                .uri("/emails")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(Map.of("to", to, "subject", "Hello", "text", "Hello!"))
                .exchange()
                .expectStatus()
                .isAccepted()
                .expectBody(Void.class)
                .returnResult()
                .getResponseHeaders()
                .getLocation();
        return Objects.requireNonNull(location);
    }

    private static Flux<String> states(WebTestClient client, URI email) {
        return client.get()
                .uri(email + "/events")
                .accept(MediaType.TEXT_EVENT_STREAM)
                .exchange()
                .expectStatus()
                .isOk()
                .returnResult(String.class)
                .getResponseBody();
    }

    private static WebTestClient.BodyContentSpec show(WebTestClient client, URI email) {
        return client.get()
                .uri(email.getPath())
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody();
    }

    private static TaskId id(URI email) {
        return TaskId.of(email.getPath().substring("/emails/".length()));
    }

    /** Follows an email until it is being sent, whatever was seen of it before. */
    private static StepVerifier.Step<String> untilRunning(Flux<String> states) {
        return StepVerifier.create(states)
                .thenConsumeWhile(state -> !state.equals("Running"))
                .expectNext("Running");
    }

    @Test
    void anEmailIsFollowedUntilItIsDone() {
        WebTestClient client = client(start());
        URI email = post(client, HeldMailer.HELD);

        untilRunning(states(client, email))
                .then(() -> show(client, email)
                        .jsonPath("$.status")
                        .isEqualTo("Running")
                        .jsonPath("$.outcome")
                        .isEmpty())
                .then(mailer::goOn)
                .expectNext("Done")
                .expectComplete()
                .verify(PATIENCE);

        show(client, email)
                .jsonPath("$.to")
                .isEqualTo(HeldMailer.HELD)
                .jsonPath("$.status")
                .isEqualTo("Done")
                .jsonPath("$.outcome.Ok")
                .isEqualTo("250 held and accepted");
        StepVerifier.create(states(client, email))
                .expectNext("Done")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void anAddressThatDoesNotExistEndsKilled() {
        WebTestClient client = client(start());
        URI email = post(client, "user@gone.example.net");

        untilRunning(states(client, email))
                .expectNext("Killed")
                .expectComplete()
                .verify(PATIENCE);

        show(client, email)
                .jsonPath("$.attempts")
                .isEqualTo(1)
                .jsonPath("$.outcome.Err")
                .isEqualTo("dev.pollux.AbortError: 550 no such mailbox");
    }

    @Test
    void aTryThatFailsIsFollowedByTheNext() {
        WebTestClient client = client(start());
        URI email = post(client, "user@greylist.example.org");

        untilRunning(states(client, email))
                .expectNext("Failed", "Queued", "Running", "Done")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void requestsThatMakeNoSenseAreRefusedWithTheReason() {
        WebTestClient client = client(start());
        Map<String, String> reasons = Map.of(
                "{\"subject\":\"Hello\"}", "'to' must be an address, as in user@example.com",
                "{\"to\":\"nobody\",\"subject\":\"Hello\"}", "'to' must be an address, as in user@example.com",
                "{\"to\":\"user@example.com\"}", "'subject' must not be empty",
                "{", "Failed to read HTTP message",
                "", "Invalid request content");

        reasons.forEach((body, reason) -> client.post()
                .uri("/emails")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(body)
                .exchange()
                .expectStatus()
                .isBadRequest()
                .expectBody()
                .jsonPath("$.detail")
                .isEqualTo(reason));
        assertThat(TestDatabase.at(url).number("SELECT count(*) FROM Jobs")).isZero();
    }

    @Test
    void anIdThatDoesNotExistIsNotFound() {
        WebTestClient client = client(start());

        for (String id : List.of(TaskId.next().value(), "none")) {
            for (String path : List.of("/emails/" + id, "/emails/" + id + "/events")) {
                client.get()
                        .uri(path)
                        .exchange()
                        .expectStatus()
                        .isEqualTo(HttpStatus.NOT_FOUND)
                        .expectBody()
                        .jsonPath("$.detail")
                        .isEqualTo("there is no email " + id);
            }
        }
    }

    @Test
    void anEmailIsFollowedThatAnotherProcessSends() {
        WebTestClient takesEmails = client(start("--pollux.worker=false", "--pollux.look-every=50ms"));
        URI email = post(takesEmails, HeldMailer.HELD);

        StepVerifier.create(states(takesEmails, email))
                .expectNext("Pending")
                .then(this::start)
                .thenConsumeWhile(state -> !state.equals("Running"))
                .expectNext("Running")
                .then(mailer::goOn)
                .expectNext("Done")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void manyClientsFollowAnEmailAndAreForgotten() {
        ConfigurableApplicationContext context = start();
        WebTestClient client = client(context);
        URI email = post(client, HeldMailer.HELD);

        // The email is held until the last client has heard of it.
        Mono<List<String>> lasts = Flux.range(0, 50)
                .map(i -> states(client, email).doOnNext(state -> {
                    if (i == 49) {
                        mailer.goOn();
                    }
                }))
                .collectList()
                .flatMapMany(clients -> Flux.merge(Flux.fromIterable(clients).map(Flux::last), 50))
                .collectList();

        StepVerifier.create(lasts)
                .assertNext(all -> assertThat(all).hasSize(50).containsOnly("Done"))
                .expectComplete()
                .verify(PATIENCE);
        assertThat(context.getBean(QueueEvents.class).watched()).isZero();
    }

    @Test
    void aClientThatLeavesIsForgotten() {
        ConfigurableApplicationContext context = start("--pollux.worker=false");
        TaskId id = id(post(client(context), HeldMailer.HELD));

        StepVerifier.create(context.getBean(TaskStates.class).of(id))
                .expectNext(TaskStatus.PENDING)
                .thenCancel()
                .verify(PATIENCE);

        assertThat(context.getBean(QueueEvents.class).watched()).isZero();
    }

    @Test
    void aClientThatIsSlowMissesTheOldestStatesAndNeverTheLast() {
        ConfigurableApplicationContext context = start("--pollux.worker=false");
        QueueEvents events = context.getBean(QueueEvents.class);
        TaskId id = id(post(client(context), HeldMailer.HELD));

        StepVerifier.create(context.getBean(TaskStates.class).of(id), 0)
                .then(() -> {
                    for (int i = 0; i < 100; i++) {
                        events.entered(id, TaskStatus.RUNNING);
                        events.entered(id, TaskStatus.FAILED);
                    }
                    events.entered(id, TaskStatus.DONE);
                })
                .thenRequest(Long.MAX_VALUE)
                .recordWith(ArrayList::new)
                .thenConsumeWhile(state -> true)
                .consumeRecordedWith(
                        states -> assertThat(states).hasSizeLessThan(20).last().isEqualTo(TaskStatus.DONE))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void closingLetsEmailsThatAreBeingSentFinish() {
        ConfigurableApplicationContext context = start();
        WebTestClient client = client(context);
        URI email = post(client, HeldMailer.HELD);
        context.addApplicationListener((ApplicationListener<ContextClosedEvent>) closing -> mailer.goOn());

        untilRunning(states(client, email))
                .then(context::close)
                .expectNext("Done")
                .expectComplete()
                .verify(PATIENCE);

        assertThatNothingIsLeased("Done");
    }

    @Test
    void closingGivesBackWhatTakesLongerThanTheDrainTime() {
        ConfigurableApplicationContext context = start("--pollux.drain-time=0s");
        WebTestClient client = client(context);
        URI email = post(client, HeldMailer.HELD);

        untilRunning(states(client, email))
                .then(context::close)
                .expectNext("Pending")
                .expectComplete()
                .verify(PATIENCE);

        assertThatNothingIsLeased("Pending");
    }

    @Test
    void closingEndsTheStreamsOfEmailsThatWait() {
        ConfigurableApplicationContext context = start("--pollux.worker=false");
        WebTestClient client = client(context);

        StepVerifier.create(states(client, post(client, HeldMailer.HELD)))
                .expectNext("Pending")
                .then(context::close)
                .expectComplete()
                .verify(PATIENCE);
    }

    private void assertThatNothingIsLeased(String status) {
        TestDatabase database = TestDatabase.at(url);
        assertThat(database.number(LEASES)).isZero();
        assertThat(database.number("SELECT count(*) FROM Workers")).isZero();
        assertThat(database.value("SELECT status FROM Jobs")).isEqualTo(status);
    }

    @Test
    void aContextThatIsStoppedCanBeStartedAgain() {
        ConfigurableApplicationContext context = start();
        context.stop();
        context.start();
        WebTestClient client = client(context);
        mailer.goOn();

        StepVerifier.create(states(client, post(client, HeldMailer.HELD)).last())
                .expectNext("Done")
                .expectComplete()
                .verify(PATIENCE);
    }
}
