// Random operations on resumable uploads, in both protocols, compared with a model of the expected results.

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dice } from "../../storage/dice.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { amount } from "../../support/switches.ts";

/** Seed of the random operations, for example `SEED=7`. */
const OPERATIONS = amount("OPERATIONS", 600, 10_000);
const SEED = Number(process.env.SEED ?? 1);
const AT_ONCE = 12;

type Dialect = "tus" | "draft";

/** The model of an upload. */
interface Known {
  dialect: Dialect;
  url: string;
  /** The bytes that the client sends. */
  content: Buffer;
  /** The offset. Null after a cut request, when only the server knows it; it is at least `least`. */
  offset: number | null;
  least: number;
  /** Whether the server knows the length. */
  said: boolean;
  part: boolean;
  /** Whether the upload was created with a wrong digest. */
  lies: boolean;
  state: "open" | "complete" | "used" | "gone";
  path: string;
}

const dice = new Dice(SEED);
const source = Buffer.alloc(2_000_000);
for (let at = 0; at < source.length; at += 4) source.writeUInt32LE(dice.upTo(2 ** 32), at);

const uploads: Known[] = [];
const files = new Map<string, Buffer>();
const done: Record<string, number> = {};
let server: TestServer;
let number = 0;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");

function headersOf({ dialect }: Pick<Known, "dialect">): Record<string, string> {
  return dialect === "tus" ? { "tus-resumable": "1.0.0" } : { "upload-draft-interop-version": "10" };
}

function patchHeaders(upload: Known, offset: number, end: number): Record<string, string> {
  const { dialect, content, said } = upload;
  const complete = end === content.length;
  return {
    ...headersOf(upload),
    "upload-offset": `${offset}`,
    "content-type": dialect === "tus" ? "application/offset+octet-stream" : "application/partial-upload",
    ...(dialect === "draft" && { "upload-complete": complete ? "?1" : "?0" }),
    ...(dialect === "tus" && !said && complete && { "upload-length": `${content.length}` }),
  };
}

function draw(state: Known["state"], which: (upload: Known) => boolean = () => true): Known | undefined {
  const fit = uploads.filter((upload) => upload.state === state && which(upload));
  return fit[dice.upTo(fit.length)];
}

async function create(): Promise<void> {
  const dialect = dice.oneOf<Dialect>("tus", "draft");
  const from = dice.upTo(1_000_000);
  const content = source.subarray(from, from + dice.upTo(dice.oneOf(2, 3000, 700_000)));
  const part = dialect === "tus" && dice.upTo(3) === 0;
  const said = part || dice.upTo(3) > 0;
  const path = `${number++}.bin`;
  const digest = dice.upTo(6);
  const lies = digest === 0;
  const made = await server.fetch(`/uploads?path=${path}`, {
    method: "POST",
    headers: {
      ...headersOf({ dialect }),
      ...(dialect === "draft" && { "upload-complete": "?0" }),
      ...(said && { "upload-length": `${content.length}` }),
      ...(!said && dialect === "tus" && { "upload-defer-length": "1" }),
      ...(part && { "upload-concat": "partial" }),
      ...(digest < 3 && { "repr-digest": `sha-256=:${sha256(lies ? Buffer.from("other") : content)}:` }),
    },
  });
  const empty = dialect === "tus" && said && content.length === 0;
  // The digest of an empty partial upload is not verified before it is concatenated.
  if (empty && lies && !part) return void expect(made.status).toBe(400);
  expect(made.status).toBe(201);
  const url = made.headers.get("location") ?? "";
  const upload: Known = { dialect, url, content, offset: 0, least: 0, said, part, lies, state: "open", path };
  uploads.push(upload);
  if (empty) complete(upload);
}

function complete(upload: Known): void {
  upload.state = "complete";
  upload.offset = upload.content.length;
  if (!upload.part) files.set(upload.path, upload.content);
}

/** Sends some of the missing bytes, in one of many ways. */
async function add(): Promise<void> {
  const upload = draw("open", ({ offset }) => offset !== null);
  if (!upload || upload.offset === null) return;
  const { offset, content } = upload;
  const left = content.length - offset;
  const end = offset + dice.oneOf(left, dice.upTo(left + 1), Math.min(left, 1000));
  const bytes = content.subarray(offset, end);
  const check = dice.upTo(5);
  const wrong = check === 0 && bytes.length > 0;
  const sum = wrong ? sha256(Buffer.from("other")) : sha256(bytes);
  const checked: Record<string, string> =
    check > 1
      ? {}
      : upload.dialect === "tus" && dice.upTo(2) === 0
        ? { "upload-checksum": `sha256 ${sum}` }
        : { "content-digest": `sha-256=:${sum}:` };
  const answer = await patch(upload, offset, end, bytes, checked);
  if (wrong) return void expect([400, 460]).toContain(answer.status);
  took(upload, end, answer.status);
}

function took(upload: Known, end: number, status: number): void {
  const ends = end === upload.content.length;
  const whole = ends && (upload.dialect === "draft" || !upload.part || upload.said);
  if (whole && upload.lies) {
    expect(status).toBe(400);
    upload.state = "gone";
    return;
  }
  expect(status).toBe(upload.dialect === "draft" && ends ? 201 : 204);
  upload.offset = upload.least = end;
  if (ends) complete(upload);
}

async function patch(
  upload: Known,
  offset: number,
  end: number,
  bytes: Uint8Array,
  more: Record<string, string> = {},
) {
  const headers = { ...patchHeaders(upload, offset, end), ...more };
  // Half of the requests do not announce their length.
  const body = dice.upTo(2) === 0 ? Buffer.from(bytes) : new Blob([Buffer.from(bytes)]).stream();
  return await server.fetch(upload.url, { method: "PATCH", headers, body });
}

async function elsewhere(): Promise<void> {
  const upload = draw("open", ({ offset }) => offset !== null);
  if (!upload || upload.offset === null) return;
  const offset = upload.offset + dice.oneOf(1, 1000, -1, -upload.offset);
  if (offset < 0 || offset === upload.offset) return;
  const answer = await patch(upload, offset, -1, Buffer.from("gap"));
  expect([answer.status, answer.headers.get("upload-offset")]).toEqual([409, `${upload.offset}`]);
}

async function past(): Promise<void> {
  const upload = draw("open", ({ offset, said }) => offset !== null && said);
  if (!upload || upload.offset === null) return;
  const { offset, content, dialect } = upload;
  const bytes = Buffer.concat([content.subarray(offset), Buffer.from("more")]);
  const answer = await patch(upload, offset, -1, bytes);
  expect(answer.status).toBe(dialect === "tus" ? 413 : 400);
  if (dialect === "draft") upload.state = "gone";
}

/** Cuts the connection in the middle of a body. */
async function cut(): Promise<void> {
  const upload = draw("open", ({ offset, content }) => offset !== null && offset < content.length);
  if (!upload || upload.offset === null) return;
  const { offset, content, url } = upload;
  const sent = content.subarray(offset, offset + 1 + dice.upTo(content.length - offset - 1));
  const headers = { ...patchHeaders(upload, offset, content.length), host: "localhost" };
  using line = await connect(server.url);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = content.length - offset;
  await line.send(`PATCH ${url} HTTP/1.1\r\n${lines.join("")}content-length: ${length}\r\n\r\n`);
  await line.send(sent.subarray(0, sent.length === length ? length - 1 : sent.length));
  if (dice.upTo(2) === 0) line.reset();
  else line.halfClose();
  upload.said = true;
  upload.offset = null;
}

async function head(): Promise<void> {
  const upload = uploads[dice.upTo(uploads.length)];
  if (!upload) return;
  const answer = await server.fetch(upload.url, { method: "HEAD", headers: headersOf(upload) });
  if (upload.state === "gone") return void expect([404, 410]).toContain(answer.status);
  expect(answer.ok).toBe(true);
  if (upload.state !== "open") return;
  const offset = Number(answer.headers.get("upload-offset"));
  if (upload.offset !== null) return void expect(offset).toBe(upload.offset);
  expect(offset).toBeGreaterThanOrEqual(upload.least);
  expect(offset).toBeLessThan(upload.content.length);
  upload.offset = upload.least = offset;
}

/** Two concurrent requests with the same bytes: at most one may succeed, and no byte may be appended twice. */
async function both(): Promise<void> {
  const upload = draw("open", ({ offset, content }) => offset !== null && offset < content.length);
  if (!upload || upload.offset === null) return;
  const { offset, content } = upload;
  const end = offset + 1 + dice.upTo(content.length - offset - 1);
  if (end === content.length) return;
  const answers = await Promise.all(
    [1, 2].map(() => patch(upload, offset, end, content.subarray(offset, end))),
  );
  for (const { status } of answers) expect([204, 409, 423]).toContain(status);
  upload.offset = null;
}

async function cancel(): Promise<void> {
  const upload = draw(dice.oneOf<Known["state"]>("open", "complete"));
  const strange = dice.upTo(2) === 0;
  if (!upload) return;
  // An unknown id with the length of a real one.
  const url = strange
    ? `/uploads/${upload.url.slice("/uploads/".length).split("").reverse().join("")}`
    : upload.url;
  const answer = await server.fetch(url, { method: "DELETE", headers: headersOf(upload) });
  expect(answer.status).toBe(strange ? 404 : 204);
  if (!strange) upload.state = "gone";
}

async function join_(): Promise<void> {
  const parts = [1, 2, 3].flatMap(() => draw("complete", ({ part, lies }) => part && !lies) ?? []);
  if (parts.length === 0) return;
  const path = `${number++}.bin`;
  const content = Buffer.concat(parts.map(({ content }) => content));
  const made = await server.fetch(`/uploads?path=${path}`, {
    method: "POST",
    headers: {
      "tus-resumable": "1.0.0",
      "upload-concat": `final;${parts.map(({ url }) => url).join(" ")}`,
      "repr-digest": `sha-256=:${sha256(content)}:`,
    },
  });
  expect(made.status).toBe(201);
  for (const part of parts) part.state = "used";
  files.set(path, content);
}

async function restart(): Promise<void> {
  const { root } = server;
  await server.stop();
  server = await startServer({ root });
}

const OPERATION: Record<string, { weight: number; run: () => Promise<void> }> = {
  create: { weight: 12, run: create },
  add: { weight: 40, run: add },
  elsewhere: { weight: 5, run: elsewhere },
  past: { weight: 2, run: past },
  cut: { weight: 10, run: cut },
  head: { weight: 25, run: head },
  both: { weight: 5, run: both },
  cancel: { weight: 3, run: cancel },
  join: { weight: 5, run: join_ },
  restart: { weight: 1, run: restart },
};
const drawn = Object.entries(OPERATION).flatMap(([name, { weight }]) => Array<string>(weight).fill(name));

test(`${OPERATIONS} operations, seed ${SEED}`, async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-fuzz-"));
  server = await startServer({ root });
  try {
    for (let step = 0; step < OPERATIONS; step += 1) {
      const open = uploads.filter(({ state }) => state === "open").length;
      const name =
        open < AT_ONCE
          ? (dice.oneOf("create", drawn[dice.upTo(drawn.length)]) ?? "create")
          : drawn[dice.upTo(drawn.length)];
      const operation = OPERATION[name ?? ""];
      done[name ?? ""] = (done[name ?? ""] ?? 0) + 1;
      await operation?.run().catch((error: unknown) => {
        throw new Error(`Step ${step}, ${name}, seed ${SEED}`, { cause: error });
      });
    }
    expect(Object.keys(done).sort()).toEqual(Object.keys(OPERATION).sort());
    const there = (await readdir(root)).filter((name) => name !== ".sluice");
    expect(there.sort()).toEqual([...files.keys()].sort());
    for (const [path, content] of files)
      expect(Buffer.compare(Buffer.from(await Bun.file(join(root, path)).arrayBuffer()), content)).toBe(0);
    // Remaining data belongs to an unfinished upload or to a usable partial upload.
    const living = uploads.filter(({ state, part }) => state === "open" || (state === "complete" && part));
    const data = (await readdir(join(root, ".sluice/kept"))).filter((name) => name.endsWith(".data"));
    expect(data.sort()).toEqual(living.map(({ url }) => `${url.slice("/uploads/".length)}.data`).sort());
  } finally {
    await server.stop();
    await rm(root, { recursive: true, force: true });
  }
}, 600_000);
