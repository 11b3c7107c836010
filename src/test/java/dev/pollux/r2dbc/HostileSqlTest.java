package dev.pollux.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pollux.faults.Reported;
import dev.pollux.testing.HostileText;
import dev.pollux.testing.Tries;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/** Any text as SQL: it is split and its parameters are numbered, or it is refused with one kind of exception. */
@AddLifecycleHook(Tries.class)
@AddLifecycleHook(Reported.class)
class HostileSqlTest {

    private static final String[] WORDS = {
        "SELECT",
        "INSERT INTO t VALUES",
        "UPDATE",
        "CREATE",
        "TEMP",
        "TRIGGER",
        "BEGIN",
        "END",
        "COMMIT",
        "EXPLAIN",
        "QUERY PLAN",
        "PRAGMA",
        "table_info",
        "WITH",
        "RETURNING",
        "(",
        ")",
        ",",
        "=",
        ";",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "--",
        "/*",
        "*/",
        "\n",
        "?",
        "?1",
        "?0",
        "?999999",
        "?1000001",
        "?99999999999",
        ":a",
        "@a",
        "$a",
        "$1",
        "$::b",
        "$\u0661",
        ":",
        "x'",
        "1",
        "1.5e",
        "\0",
        "\ufeff",
        "\ud83d\ude00",
        "\ud83d",
        "\u0130",
        "null"
    };

    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> sql = Arbitraries.of(WORDS).list().ofMaxSize(25).map(words -> String.join(" ", words));
        return Arbitraries.oneOf(sql, HostileText.any());
    }

    @Property(tries = 2_000)
    void anyTextIsSplitOrRefused(@ForAll("texts") String text) {
        splitOrRefuse(text);
    }

    static void splitOrRefuse(String text) {
        ParsedSql parsed;
        try {
            parsed = SqlScanner.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).hasSizeBetween(10, 300);
            return;
        }
        assertThat(parsed.statements()).isNotEmpty();
        for (ParsedStatement statement : parsed.statements()) {
            assertThat(statement.sql()).isNotEmpty();
            for (int slot : statement.slots()) {
                assertThat(slot).isBetween(0, parsed.parameterCount() - 1);
            }
        }
    }

    /** In time: what a text costs must not grow with the square of its parameters. */
    @Example
    void manyParametersInAnyOrderAreNumbered() {
        int count = SqlParameters.HIGHEST;
        String text = IntStream.iterate(count, i -> i > 0, i -> i - 1)
                .mapToObj(i -> "?" + i)
                .collect(Collectors.joining(",", "SELECT ", ", ?1"));

        ParsedSql parsed = SqlScanner.parse(text);

        assertThat(parsed.parameterCount()).isEqualTo(count);
        assertThat(parsed.statements().get(0).slots())
                .hasSize(count)
                .startsWith(count - 1)
                .endsWith(0);
        assertThat(parsed.statements().get(0).sql()).startsWith("SELECT ?1,?2,").endsWith(", ?" + count);
    }

    @Example
    void digitsOfOtherScriptsMakeANameAndNotANumber() {
        ParsedSql parsed = SqlScanner.parse("SELECT $\u0665, $1");
        assertThat(parsed.parameterCount()).isEqualTo(1);
        assertThat(parsed.names()).containsKey("$\u0665");
    }

    @Example
    void aLongNumberIsNotShownWhole() {
        assertThatThrownBy(() -> SqlScanner.parse("SELECT ?" + "9".repeat(1_000_000)))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .hasSizeLessThan(200);
    }
}
