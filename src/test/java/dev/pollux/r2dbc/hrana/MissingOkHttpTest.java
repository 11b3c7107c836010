package dev.pollux.r2dbc.hrana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** OkHttp is optional: who has only local databases does not need it. */
class MissingOkHttpTest {

    @Test
    void withoutOkHttpTheMessageNamesWhatToAdd() throws Exception {
        List<URL> withoutOkHttp = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (!entry.contains("okhttp")) {
                withoutOkHttp.add(new File(entry).toURI().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(withoutOkHttp.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> options = loader.loadClass(HranaOptions.class.getName());
            Object builder = options.getMethod("builder", URI.class).invoke(null, URI.create("http://127.0.0.1:1"));
            Object built = builder.getClass().getMethod("build").invoke(builder);
            Constructor<?> transport =
                    loader.loadClass(HranaTransport.class.getName()).getConstructor(options);

            assertThatThrownBy(() -> transport.newInstance(built))
                    .isInstanceOf(InvocationTargetException.class)
                    .satisfies(e -> assertThat(e.getCause())
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("com.squareup.okhttp3:okhttp-jvm"));
        }
    }
}
