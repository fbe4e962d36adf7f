// Uncompressed deflate streams, read back by zlib.

import { expect, test } from "bun:test";
import { inflateRawSync } from "node:zlib";
import { frame, framedSize, MAX_BLOCK } from "../../../src/core/archive/stored-blocks.ts";

test.each([1, MAX_BLOCK - 1, MAX_BLOCK, MAX_BLOCK + 1, 3 * MAX_BLOCK, 700_001])(
  "%d bytes are framed with the announced length and inflate to the same bytes",
  (size) => {
    const content = Uint8Array.from({ length: size }, (_, at) => (at * 7919) >> 5);
    const framed = frame(content, true);
    expect(framed).toHaveLength(framedSize(size));
    expect(inflateRawSync(framed).equals(Buffer.from(content))).toBe(true);
  },
);

test("several chunks form one stream, which only the last one ends", () => {
  const chunk = crypto.getRandomValues(new Uint8Array(60_000));
  const parts = [frame(chunk, false), frame(chunk, true)];
  expect(inflateRawSync(Buffer.concat(parts)).equals(Buffer.concat([chunk, chunk]))).toBe(true);
  expect(() => inflateRawSync(frame(chunk, false))).toThrow("unexpected end of file");
});
