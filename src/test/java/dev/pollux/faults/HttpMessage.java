package dev.pollux.faults;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 request or response, whole, as it came.
 *
 * @param bytes head and body
 * @param headLength how many of the bytes are head
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record HttpMessage(byte[] bytes, int headLength) {

    /** Reads the next one; null at the end. A body without a length is one in chunks, or none. */
    static @Nullable HttpMessage read(BufferedInputStream in) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        String first = line(in, all);
        if (first == null) {
            return null;
        }
        int length = 0;
        boolean chunked = false;
        for (String line = first; !line.isEmpty(); line = more(in, all)) {
            String header = line.toLowerCase(Locale.ROOT);
            if (header.startsWith("content-length:")) {
                length = Integer.parseInt(value(header));
            } else if (header.startsWith("transfer-encoding:")) {
                chunked = value(header).equals("chunked");
            }
        }
        int head = all.size();
        if (chunked) {
            chunks(in, all);
        } else {
            copy(in, all, length);
        }
        return new HttpMessage(all.toByteArray(), head);
    }

    private static String value(String header) {
        return header.substring(header.indexOf(':') + 1).strip();
    }

    private static void chunks(BufferedInputStream in, ByteArrayOutputStream all) throws IOException {
        int size;
        do {
            size = Integer.parseInt(more(in, all).strip(), 16);
            copy(in, all, size + 2);
        } while (size > 0);
    }

    private static void copy(InputStream in, ByteArrayOutputStream all, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        all.write(bytes);
    }

    private static String more(BufferedInputStream in, ByteArrayOutputStream all) throws IOException {
        String line = line(in, all);
        if (line == null) {
            throw new EOFException();
        }
        return line;
    }

    private static @Nullable String line(BufferedInputStream in, ByteArrayOutputStream all) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0; b = in.read()) {
            all.write(b);
            line.write(b);
            if (b == '\n') {
                return line.toString(StandardCharsets.US_ASCII).stripTrailing();
            }
        }
        return null;
    }

    String body() {
        return new String(bytes, headLength, bytes.length - headLength, StandardCharsets.UTF_8);
    }
}
