package dev.pollux.testing;

import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;

/** How often a property is tried: as often as it says, and 20 times that in the long form, {@code -Dfaults.long=true}. */
public final class Tries implements AroundPropertyHook {

    private static final int LONGER = 20;

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property) {
        if (Boolean.getBoolean("faults.long")) {
            context.attributes()
                    .tries()
                    .filter(tries -> tries > 1)
                    .ifPresent(tries -> context.attributes().setTries(tries * LONGER));
        }
        return property.execute();
    }

    /** To the properties of the class that has it. */
    @Override
    public PropagationMode propagateTo() {
        return PropagationMode.ALL_DESCENDANTS;
    }

    /** How often a test without a property should do a thing that it does {@code times} in the short form. */
    public static int of(int times) {
        return Boolean.getBoolean("faults.long") ? times * LONGER : times;
    }
}
