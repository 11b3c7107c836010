package dev.pollux;

/** The bytes themselves. */
enum BytesCodec implements TaskCodec<byte[]> {
    INSTANCE;

    @Override
    public byte[] encode(byte[] args) {
        return args;
    }

    @Override
    public byte[] decode(byte[] bytes) {
        return bytes;
    }
}
