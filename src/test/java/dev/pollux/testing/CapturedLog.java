package dev.pollux.testing;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** Takes what is logged under some name to itself, from the console, until it is closed. */
public final class CapturedLog implements AutoCloseable {

    private final Logger logger;
    private final List<String> texts = new CopyOnWriteArrayList<>();

    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            IThrowableProxy error = event.getThrowableProxy();
            texts.add(event.getFormattedMessage() + (error == null ? "" : '\n' + ThrowableProxyUtil.asString(error)));
        }
    };

    private CapturedLog(String name) {
        logger = (Logger) LoggerFactory.getLogger(name);
    }

    /** Begins with what is logged from now on, under that name or one below it. */
    public static CapturedLog of(String name) {
        CapturedLog log = new CapturedLog(name);
        log.appender.start();
        log.logger.addAppender(log.appender);
        log.logger.setAdditive(false);
        return log;
    }

    /** What was logged so far: messages, each with its error's stack trace. */
    public List<String> texts() {
        return texts;
    }

    @Override
    public void close() {
        logger.setAdditive(true);
        logger.detachAppender(appender);
    }
}
