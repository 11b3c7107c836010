package dev.pollux.replica;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/** The replica's statements, one a resource file: those for its own file, and those for the remote database. */
@SuppressWarnings("ImmutableEnumChecker") // The list is immutable, but its type does not say so.
enum Sql {
    LOCAL_REPLICA("local/setup/1_replica"),
    LOCAL_CHANGES("local/setup/2_changes"),
    LOCAL_SYNCED("local/setup/3_synced"),
    LOCAL_SYNCED_HELD("local/setup/3_synced_held"),
    LOCAL_REFUSED("local/setup/4_refused"),
    LOCAL_ON_INSERT("local/setup/5_on_insert"),
    LOCAL_ON_UPDATE("local/setup/6_on_update"),
    LOCAL_ON_DELETE("local/setup/7_on_delete"),
    LOCAL_GUARD("local/setup/8_guard"),
    LOCAL_KEEP("local/setup/9_keep"),
    LOCAL_REMOTE_WORKER("local/setup/10_remote_worker"),
    LOCAL_IDENTITY("local/setup/11_identity"),
    LOCAL_FIRST_CHANGES("local/setup/12_first_changes"),
    PATH("/dev/pollux/sql/database_file"),
    APPLYING("local/applying"),
    APPLIED("local/applied"),
    IDENTITY("local/identity"),
    NOTE_TALKS("local/note_talks"),
    AGREED("local/agreed"),
    LOCAL_TURN("local/turn"),
    HOLDS("local/holds"),
    HOLDS_ON("local/holds_on"),
    NO_HOLDS("local/no_holds"),
    LOCAL_DEMAND("local/demand"),
    PAGE_END("local/page_end"),
    PREMARK("local/premark"),
    PAGE("local/page"),
    SENT("local/sent"),
    LEFT_OUT("local/left_out"),
    SETTLE_FINISHED("local/settle_finished"),
    SETTLE_KNOWN("local/settle_known"),
    REFUSE("local/refuse"),
    REFUSE_FINISHED("local/refuse_finished"),
    APPLY_GONE("local/apply/1_gone"),
    APPLY_GONE_SYNCED("local/apply/2_gone_synced"),
    APPLY_ENDED_CHANGES("local/apply/3_ended_changes"),
    APPLY_ENDED_SYNCED("local/apply/3_ended_synced"),
    APPLY_ENDED("local/apply/4_ended"),
    APPLY_ELSEWHERE("local/apply/5_elsewhere"),
    APPLY_ENDED_HERE("local/apply/6_ended_here"),
    APPLY_ELSEWHERE_SYNCED("local/apply/6_elsewhere_synced"),
    APPLY_FORGOTTEN("local/apply/7_forgotten"),
    APPLY_FORGOTTEN_SYNCED("local/apply/8_forgotten_synced"),
    APPLY_TAKEN("local/apply/9_taken"),
    APPLY_OURS_AGAIN("local/apply/10_ours_again"),
    APPLY_CHANGED("local/apply/11_changed"),
    APPLY_OURS_SYNCED("local/apply/12_ours_synced"),
    CURSOR("local/cursor"),
    TO_FREEZE("local/to_freeze"),
    TO_THAW("local/to_thaw"),
    THAW("local/thaw"),
    THAWED("local/thawed"),
    LOCAL_GIVE_BACK("local/give_back"),
    ASIDE("local/aside"),
    GIVING_BACK("local/giving_back"),
    GIVEN_BACK("local/given_back"),
    GIVEN_BACK_FORGOTTEN("local/given_back_forgotten"),
    GIVEN_BACK_FORGOTTEN_SYNCED("local/given_back_forgotten_synced"),
    COUNTS("local/counts"),
    LAST_CHANGE("local/last_change"),
    REJOIN("local/rejoin"),
    REJOIN_ASKING("local/rejoin_asking"),
    REJOIN_CHANGES("local/rejoin_changes"),

    HAS_FEED("remote/setup/has_feed"),
    HAS_ORIGIN("remote/setup/has_origin"),
    REMOTE_ORIGIN("remote/setup/1_origin"),
    REMOTE_REMOTE("remote/setup/2_remote"),
    REMOTE_REPLICAS("remote/setup/3_replicas"),
    REMOTE_FEED("remote/setup/4_feed"),
    REMOTE_FEED_INDEX("remote/setup/5_feed_index"),
    REMOTE_ON_UPDATE("remote/setup/6_on_update"),
    REMOTE_ON_DELETE("remote/setup/7_on_delete"),
    REMOTE_IDENTITY("remote/setup/8_identity"),
    JOIN("remote/join"),
    HELLO("remote/hello"),
    REMOTE_TURN("remote/turn"),
    WHO("remote/who"),
    FORGET_FEED("remote/forget_feed"),
    FORGET_REPLICAS("remote/forget_replicas"),
    BEAT("remote/beat"),
    NO_DEMAND("remote/no_demand"),
    REMOTE_DEMAND("remote/demand"),
    /** The queue's own. */
    SWEEP("/dev/pollux/sql/sweep"),
    HAS_RECURSION("remote/setup/has_recursion"),
    TAKE("remote/take"),
    /** The same without recursion. */
    TAKE_PLAINLY("remote/take_plainly"),
    HEARD("remote/heard"),
    RELEARN("remote/relearn"),
    FEED("remote/feed"),
    WRITE("remote/write"),
    WORKERS("remote/workers"),
    SEND_NEW("remote/send_new"),
    SEND_HELD("remote/send_held"),
    SEND_OTHERS("remote/send_others"),
    SEND_RETRIED("remote/send_retried"),
    SEND_DELETED("remote/send_deleted"),
    DIFFERING("remote/differing"),
    WRITTEN("remote/written"),
    REMOTE_GIVE_BACK("remote/give_back");

    private final String text;
    private final List<String> parameters;

    Sql(String resource) {
        String path = resource.startsWith("/") ? resource + ".sql" : "sql/" + resource + ".sql";
        try (InputStream stream = Sql.class.getResourceAsStream(path)) {
            if (stream == null) {
                throw new IllegalStateException("missing resource " + path);
            }
            String whole = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            text = whole.replaceAll("--[^\n]*\n", "").strip();
            parameters = Pattern.compile(":([a-z_]+)")
                    .matcher(text)
                    .results()
                    .map(found -> found.group(1))
                    .distinct()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has all statements read, where that may block. */
    static void load() {
        values();
    }

    /** The parameters' names. */
    List<String> parameters() {
        return parameters;
    }

    /**
     * The statement, with its parameters as {@code :name}.
     *
     * @param own those parameters that get the suffix, so that it may stand in a text more than once
     */
    String text(Iterable<String> own, String suffix) {
        String renamed = text;
        for (String name : own) {
            renamed = renamed.replaceAll(":" + name + "\\b", ":" + name + suffix);
        }
        return renamed;
    }
}
