package dev.pollux.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.replica.RemoteDatabase.Dialect;
import dev.pollux.replica.RemoteDatabase.Who;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
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

        /** Notes a talk, which is not asked for yet. */
        Identity begin() {
            return Sync.begin(new LocalFile(here, Site.BY_HAND), there)
                    .blockOptional(Site.WAIT)
                    .orElseThrow();
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
