package dev.pollux.r2dbc;

import dev.pollux.r2dbc.transport.Call;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gathers one statement from its tokens: its text with renumbered parameters, and what kind of statement it is.
 *
 * <pre>
 *            EXPLAIN                      WITH
 *  START ------------> EXPLAINED   START -------> WITH --(main verb at depth 0)--> BODY
 *  START --CREATE--> CREATE --TRIGGER--> TRIGGER
 *  START --PRAGMA--> PRAGMA --name--> PRAGMA_NAMED
 *  START --any other verb--> BODY
 * </pre>
 */
final class StatementReader {

    private enum State {
        START,
        EXPLAINED,
        WITH,
        CREATE,
        TRIGGER,
        PRAGMA,
        PRAGMA_NAMED,
        BODY
    }

    /** These answer a question about their argument; other pragmas with an argument set something. */
    private static final Set<String> ASKING_PRAGMAS = Set.of(
            "table_info",
            "table_xinfo",
            "table_list",
            "index_info",
            "index_xinfo",
            "index_list",
            "foreign_key_list",
            "foreign_key_check",
            "integrity_check",
            "quick_check");

    /** These act even without an argument. */
    private static final Set<String> ACTING_PRAGMAS =
            Set.of("optimize", "incremental_vacuum", "wal_checkpoint", "shrink_memory");

    /** So many are looked through faster than looked up. */
    private static final int FEW_SLOTS = 64;

    private final String text;
    private final StringBuilder rewritten = new StringBuilder(0);

    private State state = State.START;
    private Call.Kind kind = Call.Kind.WRITE;
    private boolean changesRows;
    private boolean returning;
    private boolean explained;
    private String pragma = "";
    private int depth;
    private int start = -1;
    private int end;
    private int copied;
    private int[] slots = {};
    private int slotCount;
    private int highestSlot = -1;
    /** The position of each parameter, made when there are many and they are not in order. */
    private @Nullable Map<Integer, Integer> places;

    /** In a trigger: 1 after a semicolon, 2 after the END that follows it. */
    private int triggerEnd;

    StatementReader(String text) {
        this.text = text;
    }

    boolean isEmpty() {
        return start < 0;
    }

    /** Whether a semicolon here ends the statement; inside a trigger it may not. */
    boolean endsAtSemicolon() {
        if (state != State.TRIGGER || triggerEnd == 2) {
            return true;
        }
        triggerEnd = 1;
        return false;
    }

    void other(int from, int to) {
        extend(from, to);
        triggerEnd = 0;
        if (state == State.START) {
            state = State.BODY;
        }
        if (state == State.PRAGMA || state == State.PRAGMA_NAMED) {
            pragma = "quoted";
            kind = Call.Kind.WRITE;
            state = State.PRAGMA_NAMED;
        }
    }

    void symbol(int from, char c) {
        extend(from, from + 1);
        triggerEnd = 0;
        switch (c) {
            case '(' -> {
                depth++;
                if (state == State.PRAGMA_NAMED) {
                    kind = ASKING_PRAGMAS.contains(pragma) ? Call.Kind.READ : Call.Kind.WRITE;
                    state = State.BODY;
                }
            }
            case ')' -> depth--;
            case '=' -> {
                if (state == State.PRAGMA_NAMED) {
                    kind = Call.Kind.WRITE;
                    state = State.BODY;
                }
            }
            default -> {}
        }
    }

    void parameter(int from, int to, int index) {
        other(from, to);
        rewritten.append(text, copied, from).append('?').append(slot(index) + 1);
        copied = to;
    }

    /** The position of a parameter among those of this statement. */
    private int slot(int index) {
        if (index > highestSlot) {
            // The usual text numbers its parameters in order: nothing to look for.
            highestSlot = index;
        } else {
            int known = known(index);
            if (known >= 0) {
                return known;
            }
        }
        if (places != null) {
            places.put(index, slotCount);
        }
        if (slotCount == slots.length) {
            slots = Arrays.copyOf(slots, Math.max(8, slotCount * 2));
        }
        slots[slotCount] = index;
        return slotCount++;
    }

    /** The position of a parameter that was met before, or -1. */
    private int known(int index) {
        if (places == null && slotCount > FEW_SLOTS) {
            places = new HashMap<>();
            for (int i = 0; i < slotCount; i++) {
                places.put(slots[i], i);
            }
        }
        if (places != null) {
            return places.getOrDefault(index, -1);
        }
        for (int i = 0; i < slotCount; i++) {
            if (slots[i] == index) {
                return i;
            }
        }
        return -1;
    }

    void word(int from, int to) {
        extend(from, to);
        triggerEnd = triggerEnd == 1 && is(from, to, "END") ? 2 : 0;
        switch (state) {
            case START -> first(from, to);
            case EXPLAINED -> {
                if (is(from, to, "CREATE")) {
                    state = State.CREATE;
                } else if (!is(from, to, "QUERY") && !is(from, to, "PLAN")) {
                    state = State.BODY;
                }
            }
            case WITH -> {
                if (depth == 0) {
                    verb(from, to);
                }
            }
            case CREATE -> {
                if (is(from, to, "TRIGGER")) {
                    state = State.TRIGGER;
                } else if (!is(from, to, "TEMP") && !is(from, to, "TEMPORARY")) {
                    state = State.BODY;
                }
            }
            // A schema name may come before the pragma's own: the last word counts.
            case PRAGMA, PRAGMA_NAMED -> {
                pragma = text.substring(from, to).toLowerCase(Locale.ROOT);
                kind = ACTING_PRAGMAS.contains(pragma) ? Call.Kind.WRITE : Call.Kind.READ;
                state = State.PRAGMA_NAMED;
            }
            case BODY -> {
                if (depth == 0 && changesRows && is(from, to, "RETURNING")) {
                    returning = true;
                }
            }
            case TRIGGER -> {}
        }
    }

    private void first(int from, int to) {
        state = State.BODY;
        if (is(from, to, "WITH")) {
            state = State.WITH;
        } else if (is(from, to, "EXPLAIN")) {
            state = State.EXPLAINED;
            explained = true;
        } else if (is(from, to, "CREATE")) {
            state = State.CREATE;
        } else if (is(from, to, "PRAGMA")) {
            state = State.PRAGMA;
        } else {
            verb(from, to);
            refuseTransactionControl(from, to);
        }
    }

    private void verb(int from, int to) {
        if (is(from, to, "SELECT") || is(from, to, "VALUES")) {
            kind = Call.Kind.READ;
            state = State.BODY;
        } else if (is(from, to, "INSERT")
                || is(from, to, "REPLACE")
                || is(from, to, "UPDATE")
                || is(from, to, "DELETE")) {
            changesRows = true;
            state = State.BODY;
        }
    }

    private void refuseTransactionControl(int from, int to) {
        String instead = switch (text.substring(from, Math.min(to, from + 10)).toUpperCase(Locale.ROOT)) {
            case "BEGIN" -> "beginTransaction()";
            case "COMMIT", "END" -> "commitTransaction()";
            case "ROLLBACK" -> "rollbackTransaction() or rollbackTransactionToSavepoint(name)";
            case "SAVEPOINT" -> "createSavepoint(name)";
            case "RELEASE" -> "releaseSavepoint(name)";
            default -> "";
        };
        if (!instead.isEmpty()) {
            throw new IllegalArgumentException(
                    text.substring(from, to).toUpperCase(Locale.ROOT) + " as a statement would change the transaction"
                            + " behind the connection's back: call Connection." + instead
                            + " instead (the statements of one text already run as one unit)");
        }
    }

    private void extend(int from, int to) {
        if (start < 0) {
            start = from;
            copied = from;
        }
        end = to;
    }

    private boolean is(int from, int to, String word) {
        return to - from == word.length() && text.regionMatches(true, from, word, 0, word.length());
    }

    ParsedStatement finish() {
        String sql = slotCount == 0
                ? text.substring(start, end)
                : rewritten.append(text, copied, end).toString();
        boolean changes = changesRows && !explained;
        return new ParsedStatement(
                sql, explained ? Call.Kind.READ : kind, changes, returning, Arrays.copyOf(slots, slotCount));
    }
}
