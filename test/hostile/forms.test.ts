// Broken, endless and very long forms: memory is bounded, the server answers, and valid parts are saved.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import type { RawAnswer } from "../support/raw.ts";
import {
  BOUNDARY,
  CHUNKED,
  chunk,
  FORM,
  FORM_END,
  filePart,
  head,
  LAST_CHUNK,
  part,
  resultIn,
  sendForm,
} from "./requests.ts";
import { targetOfAll } from "./target.ts";

setDefaultTimeout(patient(30_000));

const server = await targetOfAll();

/** The server's resident memory in megabytes. */
async function memory(): Promise<number> {
  const status = await Bun.file(`/proc/${server.pid}/status`).text();
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** More bytes than the server ever reads. */
const ENDLESS = 20_000_000_000;
/** Bytes that a fast machine sends in the two seconds in which the client may still read the response. */
const MOST_SENT = ENDLESS / 2;

/**
 * Sends pieces until the server stops reading, then reads the response.
 * @returns the bytes that were sent before the server stopped reading
 */
async function sendEndlessly(first: string, piece: string, most: number): Promise<[number, RawAnswer]> {
  using connection = await server.raw(head("POST", "/files/", FORM, CHUNKED) + chunk(first));
  let sent = 0;
  try {
    for (; sent < most && connection.unread.length === 0; sent += piece.length)
      await connection.send(chunk(piece));
  } catch {
    // The connection was cut.
  }
  return [sent, await connection.answer()];
}

describe("a boundary", () => {
  const formWith = (boundary: string): string =>
    (filePart("a", "hello") + FORM_END).replaceAll(BOUNDARY, boundary);

  test.each([
    ["of 70 characters", "b".repeat(70)],
    ["of one character", "b"],
    ["of every character allowed", "'()+_,-./:=?09azAZ"],
    ["of hyphens only", "-".repeat(40)],
    ["with spaces inside", "a b  c"],
  ])("%s is valid", async (_, boundary) => {
    const answer = await sendForm(
      server,
      formWith(boundary),
      `Content-Type: multipart/form-data; boundary="${boundary}"`,
    );
    expect(answer.status).toBe(201);
    expect(await server.files()).toEqual(["a"]);
  });

  test.each([
    ["of 71 characters", `; boundary=${"b".repeat(71)}`],
    ["of 10,000 characters", `; boundary=${"b".repeat(10_000)}`],
    ["that is empty", "; boundary="],
    ["that is empty in quotes", '; boundary=""'],
    ["that is not there", ""],
    ["that is not there, behind a semicolon", ";"],
    ["under another name", "; border=b"],
    ["that ends in a space", '; boundary="b "'],
    ["with a quote in it", '; boundary="b\\"c"'],
    ["with letters that are no ASCII", '; boundary="\xe9"'],
    ["with a star", "; boundary=b*"],
  ])("%s is none", async (_, parameters) => {
    await problemIn(
      await sendForm(server, formWith("b"), `Content-Type: multipart/form-data${parameters}`),
      "invalid_multipart",
    );
    expect(await server.files()).toEqual([]);
  });

  test("does not end a file whose lines begin with a part of it", async () => {
    const lines = [
      `\r\n--${BOUNDARY.slice(0, -1)}`,
      `\r\n--${BOUNDARY}`.slice(0, 5),
      "\r\n--",
      "\r\n",
      "\r",
      `--${BOUNDARY}`,
    ];
    const content = lines.join("x").repeat(1000);
    expect((await sendForm(server, filePart("a", content) + FORM_END)).status).toBe(201);
    expect(await Bun.file(server.in("a")).text()).toBe(content);
  });

  test("that is missing at the end is reported, and complete files are saved", async () => {
    const { files, errors } = await resultIn(
      await sendForm(server, filePart("a", "hello") + filePart("b", "hel")),
    );
    expect(files).toMatchObject([{ path: "a" }]);
    expect(errors).toMatchObject([{ code: "invalid_multipart", file: "b" }]);
    expect(await server.files()).toEqual(["a"]);
  });

  test("followed by other text on its line belongs to the file", async () => {
    const form = `${filePart("a", "hello")}--${BOUNDARY}evil\r\n${filePart("b", "hello")}${FORM_END}`;
    expect((await sendForm(server, form)).status).toBe(201);
    expect(await Bun.file(server.in("a")).text()).toBe(`hello\r\n--${BOUNDARY}evil`);
  });
});

describe("an endless body", () => {
  const MB = "x".repeat(1_000_000);

  test("without a boundary is refused", async () => {
    const [sent, answer] = await sendEndlessly("nothing", MB, ENDLESS);
    await problemIn(answer, "invalid_multipart");
    expect(sent).toBeLessThan(MOST_SENT);
  });

  test("in a header line of a part is refused, and not buffered", async () => {
    const before = await memory();
    const [sent, answer] = await sendEndlessly(`--${BOUNDARY}\r\nX-Long: `, MB, ENDLESS);
    await problemIn(answer, "invalid_multipart");
    expect(sent).toBeLessThan(MOST_SENT);
    expect((await memory()) - before).toBeLessThan(100);
  });

  test.each([
    ["name", `name="${"n".repeat(1_000_000)}"; filename="a"`],
    ["filename", `name="n"; filename="${"f".repeat(1_000_000)}"`],
  ])("with a %s of 1 MB is refused", async (_, disposition) => {
    await problemIn(await sendForm(server, part(disposition, "hello") + FORM_END), "invalid_multipart");
  });

  test("with endless headers of a part is refused", async () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `X-${index}: a\r\n`).join("");
    const form = filePart("a", "hello").replace("\r\n\r\n", `\r\n${lines}\r\n`);
    await problemIn(await sendForm(server, form + FORM_END), "invalid_multipart");
  });

  test("with endless padding after a boundary is refused", async () => {
    const [sent, answer] = await sendEndlessly(`--${BOUNDARY}`, " ".repeat(1_000_000), ENDLESS);
    await problemIn(answer, "invalid_multipart");
    expect(sent).toBeLessThan(MOST_SENT);
  });

  test("after the last boundary is not read to its end, and the saved files are kept", async () => {
    const [sent, answer] = await sendEndlessly(filePart("a", "hello") + FORM_END, MB, ENDLESS);
    expect(answer.status).toBe(207);
    expect((await resultIn(answer)).files).toMatchObject([{ path: "a" }]);
    expect(sent).toBeLessThan(MOST_SENT);
  });

  test("with endless fields is refused", async () => {
    const fields = part('name="n"', "v").repeat(1000);
    const [sent, answer] = await sendEndlessly("", fields, ENDLESS);
    await problemIn(answer, "invalid_multipart");
    expect(sent).toBeLessThan(fields.length * 100);
  });

  test("of files with invalid names is read until ten errors are listed", async () => {
    const bad = filePart("../canary", "evil").repeat(1000);
    const [sent, answer] = await sendEndlessly(filePart("a", "hello"), bad, ENDLESS);
    const { files, errors } = await resultIn(answer);
    expect(files).toMatchObject([{ path: "a" }]);
    expect(errors).toHaveLength(11);
    expect(errors.at(-1)).toEqual({ code: "too_many_errors", detail: "Maximum error limit reached" });
    expect(sent).toBeLessThan(MOST_SENT);
  });
});

describe("many parts", () => {
  test("10,000 parts with 2,000 files are saved", async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `${index % 20}/${index}.txt`);
    const fields = part('name="n"', "v").repeat(4);
    const form = names.map((name) => filePart(name, name) + fields).join("") + FORM_END;
    const before = await memory();
    const answer = await sendForm(server, form);
    expect(answer.status).toBe(201);
    expect((await resultIn(answer)).files).toHaveLength(2000);
    for (const name of names) expect(await Bun.file(server.in(name)).text()).toBe(name);
    expect(await server.files()).toHaveLength(2020);
    expect((await memory()) - before).toBeLessThan(100);
  });

  test("20,000 fields and one file are accepted", async () => {
    const answer = await sendForm(
      server,
      part('name="n"', "v").repeat(20_000) + filePart("a", "hello") + FORM_END,
    );
    expect(answer.status).toBe(201);
    expect(await server.files()).toEqual(["a"]);
  });

  test("files with the same name get numbered names", async () => {
    const answer = await sendForm(server, filePart("a.txt", "hello").repeat(200) + FORM_END);
    expect(answer.status).toBe(201);
    expect(new Set((await resultIn(answer)).files.map(({ path }) => path)).size).toBe(200);
    expect(await server.files()).toHaveLength(200);
  });

  test("empty files are saved, and parts without a file name are ignored", async () => {
    const answer = await sendForm(
      server,
      filePart("a", "") + filePart("", "") + filePart("b", "") + part('name="n"', "") + FORM_END,
    );
    expect(answer.status).toBe(201);
    expect(await server.files()).toEqual(["a", "b"]);
    expect(Bun.file(server.in("a")).size).toBe(0);
  });

  test("a form sent one byte at a time is saved", async () => {
    const form = filePart("a", "\r\n--hello\r\n-") + filePart("b", "") + FORM_END;
    using connection = await server.raw(head("POST", "/files/", FORM, CHUNKED));
    for (const byte of form) await connection.send(chunk(byte));
    await connection.send(LAST_CHUNK);
    expect((await connection.answer()).status).toBe(201);
    expect(await Bun.file(server.in("a")).text()).toBe("\r\n--hello\r\n-");
  });
});
