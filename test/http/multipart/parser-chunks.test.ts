// The multipart parser and chunks: however a body is split, the parts are the same, and no data is copied or buffered.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MultipartError, MultipartParser } from "../../../src/http/multipart/parser.ts";
import { body, bytes, cut, type ReadBody, read } from "../../support/multipart-reader.ts";

describe("chunks", () => {
  const content = "one\r\n--bound\r\n\r\n-\r--boundary\r\n--boundary-\r\n--boundaryX\r\n--boundary\r\r\n";
  const form = bytes(
    `preamble\r\n--boundary \t\r\nContent-Disposition: form-data; name="a"; filename="ä.txt"\r\n` +
      `Content-Type: text/plain\r\n\r\n${content}\r\n--boundary\r\n` +
      `Content-Disposition: form-data; name="b"\r\n\r\n\r\n--boundary--\r\nepilogue\r\n--boundary\r\n`,
  );
  const expected: ReadBody = {
    parts: [
      { headers: { name: "a", filename: "ä.txt", contentType: "text/plain" }, data: content, complete: true },
      { headers: { name: "b" }, data: "", complete: true },
    ],
  };

  test("a body cut in two at any offset gives the same parts", () => {
    for (let at = 0; at <= form.length; at++) {
      expect(read("boundary", [form.subarray(0, at), form.subarray(at)])).toEqual(expected);
    }
  });

  test("chunks of any one size give the same parts, with empty chunks between them", () => {
    for (let size = 1; size <= 90; size++) {
      expect(read("boundary", cut(form, [size, 0]))).toEqual(expected);
    }
  });

  test("any content in any chunks is returned unchanged", () => {
    const piece = fc.constantFrom(
      "\r",
      "\n",
      "\r\n",
      "-",
      "--",
      "--b",
      "\r\n--b",
      "\r\n--bo",
      "bo",
      "o",
      " ",
      "x",
      "\0",
      "ÿ",
    );
    const content = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(""));
    const free = content.filter((text) => !/(^|\r\n)--bo(--|[ \t]|\r\n)/.test(`${text}\r\n`));
    const parts = fc.array(free, { maxLength: 5 });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, sizes, (contents, sizes) => {
        const text = contents.map(
          (data, index) => `--bo\r\nContent-Disposition: form-data; name="${index}"\r\n\r\n${data}\r\n`,
        );
        const all = new Uint8Array(Buffer.from(`${text.join("")}--bo--\r\n`, "latin1"));
        const result = read("bo", cut(all, sizes));
        expect(result.reason).toBeUndefined();
        expect(result.parts.map((part) => part.data)).toEqual(contents);
      }),
      { seed: 20_240_501, numRuns: 2_000 },
    );
  });

  test("random bytes result only in parts and typed errors, the same for any chunks", () => {
    const piece = fc.constantFrom(
      "--b",
      "\r\n",
      "\r\n--b",
      "--",
      "Content-Disposition: form-data; name=a",
      ":",
      "\r\n\r\n",
      "x",
      " ",
      '\\"',
      "\xff",
    );
    const input = fc
      .array(piece, { maxLength: 40 })
      .map((pieces) => new Uint8Array(Buffer.from(`--b\r\n${pieces.join("")}`, "latin1")));
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(input, sizes, (all, sizes) => {
        expect(read("b", cut(all, sizes))).toEqual(read("b", [all]));
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });

  test("a chunk inside a part is returned completely, as a view", () => {
    const parser = new MultipartParser("boundary");
    for (const _ of parser.push(bytes('--boundary\r\nContent-Disposition: form-data; name="a"\r\n\r\n.')));
    const chunk = new Uint8Array(1 << 20).fill(13);
    chunk[chunk.length - 1] = 0;
    const events = [...parser.push(chunk)];
    expect(events).toHaveLength(1);
    const [event] = events;
    if (event?.kind !== "data") throw new Error("no data");
    expect(event.bytes.buffer).toBe(chunk.buffer);
    expect(event.bytes).toHaveLength(chunk.length);
  });

  test("lines similar to the boundary do not split the data of a chunk", () => {
    const parser = new MultipartParser("boundary");
    for (const _ of parser.push(bytes('--boundary\r\nContent-Disposition: form-data; name="a"\r\n\r\n.')));
    const chunk = bytes("\r\n--boundaryX\r\n--boundary-\r\n--boundary\r".repeat(1000));
    const lengths = [...parser.push(chunk)].map((event) => (event.kind === "data" ? event.bytes.length : 0));
    expect(lengths).toEqual([chunk.length - "\r\n--boundary\r".length]);
  });

  test("data does not change while later chunks are read", () => {
    const parser = new MultipartParser("b");
    const kept: Uint8Array[] = [];
    const chunks = ['--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n', "\r\n--b\r", "x\r\n--b-", "y"];
    for (const chunk of chunks)
      for (const event of parser.push(bytes(chunk))) if (event.kind === "data") kept.push(event.bytes);
    expect(Buffer.concat(kept).toString()).toBe("\r\n--b\rx\r\n--b-y");
  });

  test("a chunk is not read before the consumer requests an event", () => {
    const parser = new MultipartParser("b");
    const good = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n';
    const events = parser.push(bytes(`${good}--b\r\nbroken\r\n\r\n`));
    expect([events.next(), events.next(), events.next()].map(({ value }) => value?.kind)).toEqual([
      "part",
      "data",
      "end",
    ]);
    expect(() => events.next()).toThrow(MultipartError);
  });

  test("a chunk must be read to its end before the next one", () => {
    const parser = new MultipartParser("b");
    for (const _ of parser.push(body("Content-Disposition: form-data; name=a"))) break;
    expect(() => [...parser.push(bytes("x"))]).toThrow("read all events of the previous chunk");
  });
});
