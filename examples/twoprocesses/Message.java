package twoprocesses;

/** The payload: which message it is, and the process that pushed it. */
record Message(int number, long fromProcess) {}
