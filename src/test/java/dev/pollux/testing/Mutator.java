package dev.pollux.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes broken variants of good inputs, the same ones for the same seed. */
public final class Mutator {

    /** What parsers of JSON stumble over. Few are well-formed alone; spliced into an answer, some become so. */
    private static final List<byte[]> TOKENS = List.of(
            bytes("null"),
            bytes("true"),
            bytes("{}"),
            bytes("[]"),
            bytes("[[[["),
            bytes("}}]}"),
            bytes(","),
            bytes("\""),
            bytes("\\"),
            bytes("\n"),
            bytes("-0"),
            bytes("1.5"),
            bytes("1e400"),
            bytes("1e999999999"),
            bytes("99999999999999999999999"),
            bytes("\"99999999999999999999999\""),
            bytes("7".repeat(2_000)),
            bytes("\"\\ud800\""),
            bytes("\"\\udc00\\ud800\""),
            bytes("\"\\u0000\""),
            bytes("\"not base64!\""),
            bytes("\"YQ=\""),
            bytes("\"_-_-\""),
            bytes("\"type\":\"integer\","),
            bytes("\"type\":\"blob\","),
            bytes("\"value\":{},"),
            bytes("\"base64\":7,"),
            bytes("\"results\":[],"),
            bytes("\"rows\":[[]],"),
            bytes("\"cols\":[],"),
            bytes("\"baton\":7,"),
            bytes("\"base_url\":\"http://:::\","),
            new byte[] {(byte) 0xff, (byte) 0xfe},
            new byte[] {(byte) 0xc0, (byte) 0x80},
            new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
            new byte[] {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
            new byte[] {0, 0, 0, 0});

    private final Random random;
    private final List<byte[]> seeds;

    /** Variants of these inputs. */
    public Mutator(long seed, List<byte[]> seeds) {
        this.random = new Random(seed);
        this.seeds = seeds;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** The next variant: one to four changes of one of the inputs. */
    public byte[] next() {
        byte[] input = any(seeds);
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            input = changed(input);
        }
        return input;
    }

    private byte[] changed(byte[] input) {
        int from = random.nextInt(input.length + 1);
        int to = Math.min(input.length, from + random.nextInt(1 + random.nextInt(60)));
        return switch (random.nextInt(6)) {
            case 0 -> Arrays.copyOf(input, from);
            case 1 -> spliced(input, from, to, new byte[0]);
            case 2 -> spliced(input, to, to, Arrays.copyOfRange(input, from, to));
            case 3 -> flipped(input, from);
            case 4 -> {
                byte[] other = any(seeds);
                int start = random.nextInt(other.length + 1);
                yield spliced(
                        input, from, to, Arrays.copyOfRange(other, start, Math.min(other.length, start + to - from)));
            }
            default -> spliced(input, from, random.nextBoolean() ? from : to, any(TOKENS));
        };
    }

    private byte[] any(List<byte[]> list) {
        return list.get(random.nextInt(list.size()));
    }

    private byte[] flipped(byte[] input, int at) {
        byte[] changed = input.clone();
        if (at < changed.length) {
            changed[at] ^= (byte) (1 << random.nextInt(8));
        }
        return changed;
    }

    private static byte[] spliced(byte[] input, int from, int to, byte[] middle) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(input, 0, from);
        out.writeBytes(middle);
        out.write(input, to, input.length - to);
        return out.toByteArray();
    }
}
