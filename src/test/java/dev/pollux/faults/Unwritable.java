package dev.pollux.faults;

import java.util.function.Supplier;

/** A result that Jackson writes by calling a getter, which throws or gives what cannot be written. */
public final class Unwritable {

    private final Supplier<Object> text;

    Unwritable(Supplier<Object> text) {
        this.text = text;
    }

    /** What Jackson calls. */
    public Object getText() {
        return text.get();
    }

    /** A result that gives another such, and so on without end. */
    static Object deeper() {
        return new Unwritable(Unwritable::deeper);
    }
}
