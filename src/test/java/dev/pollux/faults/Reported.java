package dev.pollux.faults;

import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;

/** Adds a line to the {@link Report} for each property, with the inputs that it was checked with. */
public final class Reported implements AroundPropertyHook {

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property) {
        PropertyExecutionResult result = property.execute();
        boolean example =
                context.attributes().tries().filter(tries -> tries == 1).isPresent();
        if (!example) {
            // A property ends at the first input that breaks it.
            Report.addInputs(
                    "12 " + context.containerClass().getSimpleName() + '.'
                            + context.targetMethod().getName(),
                    result.countChecks(),
                    result.status() == PropertyExecutionResult.Status.FAILED ? 1 : 0);
        }
        return result;
    }

    /** To the properties of the class that has it. */
    @Override
    public PropagationMode propagateTo() {
        return PropagationMode.ALL_DESCENDANTS;
    }
}
