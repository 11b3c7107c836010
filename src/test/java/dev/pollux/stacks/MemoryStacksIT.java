package dev.pollux.stacks;

import dev.pollux.TaskId;

class MemoryStacksIT extends StacksContract {

    /** One of its own, for what a URL puts over a database keeps it alive. */
    private final TaskId name = TaskId.next();

    @Override
    public String url() {
        return "libsql:mem:///" + name;
    }
}
