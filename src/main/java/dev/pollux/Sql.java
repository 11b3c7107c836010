package dev.pollux;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The queue's statements, one a resource file. Their order is the order in which they stand in a turn of the
 * {@link WriteLane}: what frees tasks comes before what takes them.
 */
@SuppressWarnings("ImmutableEnumChecker") // SqlText is immutable, but its lists' type does not say so.
enum Sql {
    HAS_SCHEMA("setup/has_schema"),
    COLUMNS("setup/columns"),
    WORKERS_TABLE("setup/1_workers"),
    JOBS_TABLE("setup/2_jobs"),
    HAS_LEASE("setup/has_lease"),
    ADD_LEASE("setup/add_lease"),
    READY_INDEX("setup/3_ready"),
    LEASED_INDEX("setup/4_leased"),
    SCHEMA_TABLE("setup/5_schema"),
    RECORD_VERSION("setup/6_version"),
    SCHEMA_VERSION,
    DATABASE_FILE,
    JOURNAL_MODE,
    ENABLE_WAL,
    PUSH,
    PUSH_DETAILED,
    PUSH_BATCH,
    PUSH_BATCH_DETAILED,
    RELEASE,
    ACK,
    ACK_FETCHED,
    ACK_FAILED,
    LOCK,
    LOCK_FETCHED,
    BEAT,
    SWEEP,
    LEASES_OF,
    FETCH,
    DEREGISTER,
    PURGE_WORKERS,
    ALL_CHANGED,
    INSPECT,
    FIND,
    NEXT_DUE;

    private final SqlText text;
    private final SqlText silent;

    Sql() {
        text = SqlText.load(name().toLowerCase(Locale.ROOT));
        silent = text.silent();
    }

    Sql(String resource) {
        text = SqlText.load(resource);
        silent = text.silent();
    }

    /** The parameters' names, in the order of their numbers. */
    List<String> parameters() {
        return text.parameters();
    }

    /** The statement that does the same to leases of one fetch, faster; null if there is none. */
    @Nullable
    Sql ofOneFetch() {
        return switch (this) {
            case ACK -> ACK_FETCHED;
            case LOCK -> LOCK_FETCHED;
            default -> null;
        };
    }

    /** The statement alone, with its parameters numbered from 1. */
    String alone() {
        StringBuilder alone = new StringBuilder();
        text.appendTo(alone, 1);
        return alone.toString();
    }

    /** Writes the statement with its parameters numbered from {@code first}: {@code ?1}, {@code ?2} and so on. */
    void appendTo(StringBuilder turn, int first) {
        text.appendTo(turn, first);
    }

    /** Writes it without its RETURNING clause. */
    void appendSilentTo(StringBuilder turn, int first) {
        silent.appendTo(turn, first);
    }
}
