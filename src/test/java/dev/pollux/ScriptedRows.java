package dev.pollux;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows as the queue's statements give them, for a scripted database. */
final class ScriptedRows {

    private ScriptedRows() {}

    /** A leased task. */
    static List<@Nullable Object> task(String id) {
        List<@Nullable Object> row = new ArrayList<>();
        row.add(TaskCodec.json(Email.class).encode(Email.number(1)));
        row.addAll(List.of(id, 0L, 25L, 0L));
        row.add(null);
        row.add(0L);
        row.add(null);
        row.addAll(List.of(0L, "{}", "email", "Queued", "worker", 1L));
        return row;
    }
}
