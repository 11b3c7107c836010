package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.TaskId;
import dev.pollux.replica.LocalFile.Page;
import dev.pollux.replica.LocalFile.Settlement;
import dev.pollux.replica.RemoteDatabase.Dialect;
import dev.pollux.replica.RemoteDatabase.Greeting;
import dev.pollux.replica.RemoteDatabase.Sent;
import dev.pollux.replica.RemoteDatabase.Who;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Syncs of which the request or the answer is lost or comes late, and servers that are restored in the middle of one. */
class ReplicaTalksIT extends SyncedSites {

    /** What a sync of a site does, step by step, so that it can break off between them. */
    private final class Steps implements AutoCloseable {

        private final Connection here;
        private final Connection there;

        Steps(Site site) {
            here = connect(site.file.factory());
            there = connect(remote.factory());
        }

        private static Connection connect(ConnectionFactory factory) {
            return Mono.from(factory.create()).blockOptional(Site.WAIT).orElseThrow();
        }

        LocalFile file() {
            return new LocalFile(here, Site.BY_HAND);
        }

        /** Notes a talk, which is not asked for yet. */
        Identity begin() {
            return Sync.begin(file(), there).blockOptional(Site.WAIT).orElseThrow();
        }

        RemoteDatabase in(Identity me) {
            return new RemoteDatabase(there, Dialect.WITHOUT_RECURSION, Site.BY_HAND, me);
        }

        /** Asks for a talk; the file does not hear the answer. */
        Who hello(Identity me) {
            return in(me).hello(List.of())
                    .blockOptional(Site.WAIT)
                    .orElseThrow()
                    .who();
        }

        @Override
        public void close() {
            Mono.from(here.close()).then(Mono.from(there.close())).block(Site.WAIT);
        }
    }

    @Test
    void ofTwoCopiesThatBothMissedAnAnswerOnlyTheFirstToComeIsLetIn() {
        Site a = site("a");
        a.sync();
        try (Steps steps = new Steps(a)) {
            steps.hello(steps.begin());
        }
        a.file.sql("VACUUM INTO '" + folder.resolve("copy.db") + "'");
        Site copy = site("copy");

        copy.sync();

        assertThat(failure(a)).isInstanceOf(ReplicaException.class).hasMessageContaining("was copied");
        copy.sync();
    }

    @Test
    void holdsThatAreOverWhileASyncSendsComeBackWithTheNextOneOnly() {
        Site a = site("a");
        TaskId held = a.push("held");
        takeTo(a);
        TaskId fresh = a.push("fresh");
        Duration hold = Duration.ofMinutes(1);
        try (Steps steps = new Steps(a)) {
            LocalFile file = steps.file();
            Identity me = steps.begin();
            RemoteDatabase talk = steps.in(me);
            Greeting greeting = talk.hello(List.of()).blockOptional(Site.WAIT).orElseThrow();
            file.agreed(greeting.who().remote(), greeting.feed().turn(), me.talk(), hold)
                    .then(file.holds(hold))
                    // As the clock does when the time is over.
                    .then(file.freeze())
                    .block(Site.WAIT);
            Page page = file.nextPage(10).blockOptional(Site.WAIT).orElseThrow();
            Sent answer = talk.send(page.tasks()).blockOptional(Site.WAIT).orElseThrow();
            file.settle(
                            new Settlement(
                                    page, answer.turn(), List.of(), List.of(fresh.value()), List.of(), List.of()),
                            hold)
                    .then(file.thaw())
                    .block(Site.WAIT);
        }
        assertThat(a.status(held)).isEqualTo("Queued pollux-remote");

        takeTo(a);

        assertThat(a.status(held)).isEqualTo("Pending");
        assertThat(a.run(2)).containsExactly("held", "fresh");
    }

    @Test
    void requestsAndAnswersMayBeLostAnyNumberOfTimes() {
        Site a = site("a");
        a.sync();
        try (Steps steps = new Steps(a)) {
            Identity first = steps.begin();
            steps.hello(first);
            for (int i = 0; i < 20; i++) {
                // Nobody is asked.
                steps.begin();
            }
            assertThat(first.talk()).isEqualTo(steps.begin().nonce());
            for (int i = 0; i < 20; i++) {
                Identity me = steps.begin();
                assertThat(steps.hello(me).nonce()).isEqualTo(me.talk());
            }
        }

        a.sync();
    }

    @Test
    void aRequestThatComesAfterALaterTalkDoesNothing() {
        Site a = site("a");
        a.sync();
        try (Steps steps = new Steps(a)) {
            Identity late = steps.begin();
            a.sync();
            assertThat(steps.hello(late).nonce()).isNotEqualTo(late.talk());
            a.sync();

            a.replica.rejoinAfterReset().block(Site.WAIT);
            Identity lateAndForced = steps.begin();
            assertThat(lateAndForced.forced()).isTrue();
            a.sync();
            assertThat(steps.hello(lateAndForced).nonce()).isNotEqualTo(lateAndForced.talk());
            a.sync();
        }
    }

    @Test
    void aRequestThatComesBeforeTheNextTalkIsNoCopy() {
        Site a = site("a");
        a.sync();
        try (Steps steps = new Steps(a)) {
            Identity late = steps.begin();
            Identity next = steps.begin();
            assertThat(steps.hello(late).nonce()).isEqualTo(late.talk());

            assertThat(steps.hello(next).nonce()).isEqualTo(next.talk());
        }
        a.sync();
    }

    @Test
    void refusalsDoNotMakeItForgetATalkWhoseAnswerWasLost() {
        Site a = site("a");
        a.sync();
        Identity lost;
        try (Steps steps = new Steps(a)) {
            lost = steps.begin();
            steps.hello(lost);
        }
        remote.sql("UPDATE PolluxReplicas SET nonce = 'that of a backup'");
        for (int i = 0; i < 10; i++) {
            assertThat(failure(a)).isInstanceOf(ReplicaException.class);
        }

        remote.sql("UPDATE PolluxReplicas SET nonce = '" + lost.talk() + "'");

        a.sync();
    }

    @Test
    void aRemoteThatIsRestoredWhileASyncGoesOnTakesNothingMore() {
        Site a = site("a");
        a.sync();
        try (Steps steps = new Steps(a)) {
            RemoteDatabase talk = steps.in(steps.begin());
            talk.hello(List.of()).block(Site.WAIT);
            talk.feed(0).block(Site.WAIT);
            remote.sql("UPDATE PolluxReplicas SET turn = turn - 1");

            assertThatThrownBy(() -> talk.send(List.of()).block(Site.WAIT))
                    .isInstanceOf(ReplicaException.class)
                    .hasMessageContaining("restored from a backup");
        }
    }
}
