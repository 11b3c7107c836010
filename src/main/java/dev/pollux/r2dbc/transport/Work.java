package dev.pollux.r2dbc.transport;

import java.util.List;

/**
 * What a session runs as one unit.
 *
 * @param calls the statements with their arguments, at least one
 * @param fetchSize how many rows a reading call should hold at once; 0: the transport decides
 */
public record Work(List<Call> calls, int fetchSize) {

    public Work {
        if (calls.isEmpty()) {
            throw new IllegalArgumentException("work without a call");
        }
        calls = List.copyOf(calls);
    }

    /** One call, with the transport's own fetch size. */
    public static Work of(Call call) {
        return new Work(List.of(call), 0);
    }

    /** Whether all of it only reads. */
    public boolean readsOnly() {
        for (Call call : calls) {
            if (call.kind() != Call.Kind.READ) {
                return false;
            }
        }
        return true;
    }
}
