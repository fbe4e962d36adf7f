// Compares the multipart parser, without a server, with multipasta (if installed) and with a plain search.
// Each measurement is a process of its own; `bun bench/multipart-parser.ts [ROUNDS]`, with NODE_PATH for multipasta.

import { MultipartParser } from "../src/http/multipart/parser.ts";
import { median, spread } from "./table.ts";

const BOUNDARY = "----WebKitFormBoundaryTkr3kCBQlBe1nrhc";
const CHUNK = 64 * 1024;
const FORMS = 20;

/** Called with each chunk of a body, then with `null`. Returns the bytes of data and the number of parts so far. */
type Reader = (chunk: Uint8Array<ArrayBuffer> | null) => { bytes: number; parts: number };

function sluice(): Reader {
  const parser = new MultipartParser(BOUNDARY);
  const seen = { bytes: 0, parts: 0 };
  return (chunk) => {
    if (!chunk) parser.finish();
    else
      for (const event of parser.push(chunk)) {
        if (event.kind === "data") seen.bytes += event.bytes.length;
        else if (event.kind === "end") seen.parts += 1;
      }
    return seen;
  };
}

interface Multipasta {
  make(options: {
    headers: Record<string, string>;
    onField(): void;
    onFile(): (chunk: Uint8Array<ArrayBuffer> | null) => void;
    onError(error: unknown): void;
    onDone(): void;
  }): { write(chunk: Uint8Array<ArrayBuffer>): void; end(): void };
}

function isMultipasta(module: object): module is Multipasta {
  return "make" in module;
}

/** Undefined when the package is not installed. */
async function findMultipasta(): Promise<(() => Reader) | undefined> {
  const name = "multipasta";
  const module: object = await import(name).catch(() => ({}));
  if (!isMultipasta(module)) return undefined;
  return () => {
    const seen = { bytes: 0, parts: 0 };
    const read = (chunk: Uint8Array<ArrayBuffer> | null) => {
      if (chunk) seen.bytes += chunk.length;
      else seen.parts += 1;
    };
    const parser = module.make({
      headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
      onField: () => {},
      onFile: () => read,
      onError: (error) => {
        throw new Error(JSON.stringify(error));
      },
      onDone: () => {},
    });
    return (chunk) => {
      if (chunk) parser.write(chunk);
      else parser.end();
      return seen;
    };
  };
}

/** Only searches each chunk for the delimiter: an upper bound for the speed of any parser. */
function search(indexOf: (chunk: Buffer, delimiter: Buffer) => number): () => Reader {
  const delimiter = Buffer.from(`\r\n--${BOUNDARY}`);
  return () => {
    const seen = { bytes: 0, parts: 0 };
    return (chunk) => {
      if (!chunk) return seen;
      const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      if (indexOf(view, delimiter) !== -1) seen.parts += 1;
      seen.bytes += chunk.length;
      return seen;
    };
  };
}

function horspool(chunk: Buffer, delimiter: Buffer): number {
  const last = delimiter.length - 1;
  skips ??= makeSkips(delimiter);
  for (let end = last; end < chunk.length; end += skips[chunk[end] ?? 0] ?? 1) {
    let back = 0;
    while (back <= last && chunk[end - back] === delimiter[last - back]) back++;
    if (back > last) return end - last;
  }
  return -1;
}

let skips: Uint8Array<ArrayBuffer> | undefined;
function makeSkips(delimiter: Buffer): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(256).fill(delimiter.length);
  for (const [index, byte] of delimiter.subarray(0, -1).entries()) table[byte] = delimiter.length - 1 - index;
  return table;
}

const part = (index: number) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="file-${index}.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`;

/** One part of 1 GB. The chunks repeat after 16 MiB, so that they come from memory and not from the processor's cache. */
function onePart(fill: (chunk: Buffer) => void): Uint8Array<ArrayBuffer>[] {
  const pool = Array.from({ length: 256 }, () => Buffer.allocUnsafeSlow(CHUNK));
  for (const chunk of pool) fill(chunk);
  const data = Array.from({ length: Math.ceil(1e9 / CHUNK / pool.length) }, () => pool).flat();
  return [Buffer.from(part(0)), ...data.slice(0, 1e9 / CHUNK), Buffer.from(`\r\n--${BOUNDARY}--\r\n`)];
}

/** A form of 10,000 files of 1 KiB; it is parsed repeatedly, each time with a new parser. */
function manyParts(): Uint8Array<ArrayBuffer>[] {
  const content = Buffer.alloc(1024);
  crypto.getRandomValues(content);
  const parts = Array.from({ length: 10_000 }, (_, index) =>
    Buffer.concat([Buffer.from(part(index)), content, Buffer.from("\r\n")]),
  );
  const form = Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
  return Array.from({ length: Math.ceil(form.length / CHUNK) }, (_, at) =>
    form.subarray(at * CHUNK, (at + 1) * CHUNK),
  );
}

interface Source {
  title: string;
  /** How often the body is parsed. */
  forms: number;
  body(): Uint8Array<ArrayBuffer>[];
}

const SOURCES: Record<string, Source> = {
  random: {
    title: "1 GB in one part: random",
    forms: 1,
    body: () => onePart(crypto.getRandomValues.bind(crypto)),
  },
  empty: {
    title: "1 GB in one part: empty lines",
    forms: 1,
    body: () => onePart((chunk) => chunk.fill("\r\n")),
  },
  almost: {
    title: "1 GB in one part: lines one character off the boundary",
    forms: 1,
    body: () => onePart((chunk) => chunk.fill(`\r\n--${BOUNDARY.slice(0, -1)}`)),
  },
  many: { title: "10,000 files of 1 KiB", forms: FORMS, body: manyParts },
};

const READERS: Record<string, (() => Reader) | undefined> = {
  sluice,
  multipasta: await findMultipasta(),
  "indexOf alone": search((chunk, delimiter) => chunk.indexOf(delimiter)),
  "Horspool alone": search(horspool),
};

interface Measurement {
  seconds: number;
  /** User and system seconds of the process. */
  processor: number;
  bytes: number;
  parts: number;
}

function measure({ body, forms }: Source, make: () => Reader): Measurement {
  const chunks = body();
  let seen = { bytes: 0, parts: 0 };
  const before = process.cpuUsage();
  const start = performance.now();
  for (let form = 0; form < forms; form++) {
    const read = make();
    for (const chunk of chunks) read(chunk);
    seen = read(null);
  }
  const seconds = (performance.now() - start) / 1000 / forms;
  const { user, system } = process.cpuUsage(before);
  return { seconds, processor: (user + system) / 1e6 / forms, ...seen };
}

function measureApart(source: string, reader: string): Measurement {
  const { stdout, success } = Bun.spawnSync([process.execPath, import.meta.path, source, reader], {
    stderr: "inherit",
  });
  if (!success) throw new Error(`${reader} failed on ${source}`);
  return JSON.parse(stdout.toString());
}

function compare(rounds: number): void {
  const names = Object.keys(READERS).filter((reader) => READERS[reader]);
  if (!READERS["multipasta"])
    console.log("multipasta is skipped: it cannot be resolved. Name its node_modules in NODE_PATH.");
  for (const [key, { title }] of Object.entries(SOURCES)) {
    const samples = new Map<string, Measurement[]>(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++)
      for (const [name, list] of samples) list.push(measureApart(key, name));
    console.log(`\n${title}\n`);
    for (const [name, list] of samples) {
      const rate = median(list.map(({ bytes, seconds }) => bytes / seconds / 1e6));
      const processor = spread(
        list.map((sample) => sample.processor * 1000),
        1,
        "ms",
      );
      console.log(
        `  ${name.padEnd(16)}${rate.toFixed(0).padStart(8)} MB/s   processor ${processor}   ${list[0]?.parts} parts, ${list[0]?.bytes} bytes`,
      );
    }
  }
}

const [first, reader] = process.argv.slice(2);
const source = SOURCES[first ?? ""];
const make = READERS[reader ?? ""];
if (source && make) console.log(JSON.stringify(measure(source, make)));
else compare(Number(first ?? 5));
