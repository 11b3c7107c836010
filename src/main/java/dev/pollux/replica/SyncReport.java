package dev.pollux.replica;

import dev.pollux.TaskId;
import java.time.Duration;
import java.util.List;

/**
 * What one sync did.
 *
 * @param sent how many tasks with changes of this file the remote has now
 * @param taken how many tasks of the remote's pool are held by this file since
 * @param heard how many changes of other sides to tasks of this file were written into it, the tasks that were taken included
 * @param returned how many tasks that nobody here polls for went to the pool
 * @param refused tasks of this file whose outcomes the remote did not take, because their hold was lost: the outcomes are kept in
 *     the file's table {@code PolluxRefused}, and its {@code Jobs} table has what the remote has
 * @param tooLarge tasks that the remote cannot take, for their payload or metadata are too large for it: they stay in this file, and run
 *     here only
 * @param unsent how many changes were made while this sync ran and wait for the next
 * @param requests how many requests it sent to the remote
 * @param took how long it lasted
 */
public record SyncReport(
        long sent,
        long taken,
        long heard,
        long returned,
        List<TaskId> refused,
        List<TaskId> tooLarge,
        long unsent,
        int requests,
        Duration took) {

    public SyncReport {
        refused = List.copyOf(refused);
        tooLarge = List.copyOf(tooLarge);
    }
}
