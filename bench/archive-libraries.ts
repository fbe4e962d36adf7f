// Compares the archive writers of Sluice with the installed libraries, without a server or a disk.
// Each measurement is a process of its own; `bun bench/archive-libraries.ts [ROUNDS]`, with NODE_PATH for the libraries.

import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { coalesce, encode, type Source } from "../src/core/archive/stream.ts";
import { Tar } from "../src/core/archive/tar.ts";
import { Zip } from "../src/core/archive/zip.ts";
import { median, spread } from "./table.ts";

const CHUNK = 2 ** 18;
const LARGE = { files: 4, bytes: 500e6 };
const EMPTY = { files: 70_000, bytes: 0 };
const modified = new Date(0);
const chunk = crypto.getRandomValues(new Uint8Array(2 ** 16)).toHex();
const full = new Uint8Array(Buffer.from(chunk.repeat(2)));

/** Bytes read from the source files so far. */
let bytesRead = 0;

async function* bytes(size: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for (let at = 0; at < size; at += CHUNK) {
    // Like a disk, yield to the event loop and deliver each chunk in new memory.
    await new Promise<void>((resolve) => setImmediate(resolve));
    bytesRead += Math.min(CHUNK, size - at);
    yield full.slice(0, Math.min(CHUNK, size - at));
  }
}

type Files = typeof LARGE;
type Archive = AsyncIterable<Uint8Array>;
type Maker = (files: Files) => Archive;

function* names({ files }: Files): Generator<string, void, void> {
  for (let number = 0; number < files; number += 1) yield `folder/IMG_${number}.jpg`;
}

const ours =
  (Format: typeof Zip | typeof Tar): Maker =>
  (files) => {
    async function* sources(): AsyncGenerator<Source, void, void> {
      for (const name of names(files)) {
        const entry = { name, kind: "file", size: files.bytes, modified } as const;
        yield { entry, content: files.bytes === 0 ? new Uint8Array() : bytes(files.bytes) };
      }
    }
    return coalesce(encode(new Format(), sources()));
  };

interface ClientZip {
  makeZip(files: AsyncIterable<object>): ReadableStream<Uint8Array>;
}
interface Yazl {
  ZipFile: new () => {
    outputStream: Readable;
    addReadStreamLazy(
      name: string,
      options: object,
      open: (take: (error: null, stream: Readable) => void) => void,
    ): void;
    end(): void;
  };
}
interface ZipStream {
  default: new (
    options: object,
  ) => Readable & {
    entry(source: Readable | Buffer, data: object, done: (error: Error | null) => void): void;
    finish(): void;
  };
}
interface Fflate {
  Zip: new (
    take: (error: Error | null, bytes: Uint8Array, last: boolean) => void,
  ) => {
    add(file: object): void;
    end(): void;
  };
  ZipPassThrough: new (name: string) => { push(bytes: Uint8Array, last?: boolean): void };
}
interface TarStream {
  pack(): Readable & {
    entry(header: object, done?: (error?: Error | null) => void): NodeJS.WritableStream;
    finalize(): void;
  };
}
interface ModernTar {
  createTarPacker(): {
    readable: ReadableStream<Uint8Array>;
    controller: {
      add(header: object): WritableStream<Uint8Array>;
      finalize(): void;
      error(error: unknown): void;
    };
  };
}

const has =
  <Module extends object>(...keys: (keyof Module & string)[]) =>
  (module: object): module is Module =>
    keys.every((key) => key in module);

/** Undefined when the package is not installed. */
async function find<Module extends object>(
  name: string,
  fits: (module: object) => module is Module,
  make: (module: Module) => Maker,
): Promise<Maker | undefined> {
  const module: object = await import(name).catch(() => ({}));
  return fits(module) ? make(module) : undefined;
}

const MAKERS: Record<string, () => Promise<Maker | undefined>> = {
  "zip: ours": async () => ours(Zip),
  "zip: client-zip": () =>
    find("client-zip", has<ClientZip>("makeZip"), ({ makeZip }) => (files) => {
      async function* inputs(): AsyncGenerator<object, void, void> {
        for (const name of names(files))
          yield { name, lastModified: modified, input: bytes(files.bytes), size: files.bytes };
      }
      return makeZip(inputs());
    }),
  "zip: yazl": () =>
    find("yazl", has<Yazl>("ZipFile"), ({ ZipFile }) => (files) => {
      const zip = new ZipFile();
      for (const name of names(files))
        zip.addReadStreamLazy(name, { compress: false, mtime: modified, size: files.bytes }, (take) =>
          take(null, Readable.from(bytes(files.bytes), { objectMode: false })),
        );
      zip.end();
      return zip.outputStream;
    }),
  "zip: zip-stream": () =>
    find("zip-stream", has<ZipStream>("default"), ({ default: Zipping }) => (files) => {
      const zip = new Zipping({ store: true });
      const add = async (): Promise<void> => {
        for (const name of names(files))
          await new Promise<void>((resolve, reject) => {
            const source =
              files.bytes === 0 ? Buffer.alloc(0) : Readable.from(bytes(files.bytes), { objectMode: false });
            zip.entry(source, { name, date: modified, store: true }, (error) =>
              error ? reject(error) : resolve(),
            );
          });
        zip.finish();
      };
      void add();
      return zip;
    }),
  "zip: fflate": () =>
    find(
      "fflate",
      has<Fflate>("Zip", "ZipPassThrough"),
      ({ Zip: Zipping, ZipPassThrough }) =>
        (files) =>
          new ReadableStream<Uint8Array>({
            // fflate calls back synchronously and has no backpressure.
            async start(controller) {
              const zip = new Zipping((error, some, last) => {
                if (error) controller.error(error);
                else controller.enqueue(some);
                if (last) controller.close();
              });
              for (const name of names(files)) {
                const file = new ZipPassThrough(name);
                zip.add(file);
                for await (const some of bytes(files.bytes)) {
                  while ((controller.desiredSize ?? 1) <= 0)
                    await new Promise<void>((resolve) => setTimeout(resolve));
                  file.push(some);
                }
                file.push(new Uint8Array(), true);
              }
              zip.end();
            },
          }),
    ),
  "tar: ours": async () => ours(Tar),
  "tar: tar-stream": () =>
    find("tar-stream", has<TarStream>("pack"), ({ pack }) => (files) => {
      const tar = pack();
      const add = async (): Promise<void> => {
        for (const name of names(files)) {
          const entry = tar.entry({ name, size: files.bytes, mtime: modified });
          for await (const some of bytes(files.bytes))
            if (!entry.write(some)) await new Promise<void>((resolve) => entry.once("drain", resolve));
          entry.end();
          await finished(entry);
        }
        tar.finalize();
      };
      void add();
      return tar;
    }),
  "tar: modern-tar": () =>
    find("modern-tar", has<ModernTar>("createTarPacker"), ({ createTarPacker }) => (files) => {
      const { readable, controller } = createTarPacker();
      const add = async (): Promise<void> => {
        for (const name of names(files)) {
          const writer = controller.add({ name, size: files.bytes, mtime: modified }).getWriter();
          for await (const some of bytes(files.bytes)) await writer.write(some);
          await writer.close();
        }
        controller.finalize();
      };
      void add().catch((error) => controller.error(error));
      return readable;
    }),
};

interface Measured {
  rate: number;
  milliseconds: number;
  empty: number;
  ahead: number;
}

async function read(archive: Archive): Promise<{ seconds: number; processor: number }> {
  const before = process.cpuUsage();
  const began = performance.now();
  let size = 0;
  for await (const some of archive) size += some.length;
  if (size === 0) throw new Error("Nothing came.");
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - began) / 1000, processor: (user + system) / 1000 };
}

async function measure(name: string): Promise<Measured | null> {
  const make = await MAKERS[name]?.();
  if (!make) return null;
  const gigabytes = (LARGE.files * LARGE.bytes) / 1e9;
  const large = await read(make(LARGE));
  const empty = await read(make(EMPTY));
  bytesRead = 0;
  const unread = make(LARGE)[Symbol.asyncIterator]();
  await unread.next();
  await Bun.sleep(500);
  return {
    rate: gigabytes / large.seconds,
    milliseconds: large.processor / gigabytes,
    empty: empty.processor,
    ahead: bytesRead / 2 ** 20,
  };
}

const [order = "5", only] = process.argv.slice(2);
if (order === "one") {
  console.log(JSON.stringify(await measure(only ?? "")));
  process.exit(0);
}
console.log(
  "| format | GB/s | processor ms per GB | 70,000 empty files, ms | MiB read from files without a reader |",
);
console.log("|---|---|---|---|---|");
const found = new Map<string, Measured[]>();
for (let round = 0; round < Number(order); round += 1)
  for (const name of Object.keys(MAKERS)) {
    const child = Bun.spawn([process.execPath, import.meta.path, "one", name], { stderr: "pipe" });
    const [text, complaint] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    if ((await child.exited) !== 0)
      console.error(`${name}: ${complaint.trim().split("\n").slice(0, 8).join("\n")}`);
    const measured: Measured | null = text === "" ? null : JSON.parse(text);
    if (measured) found.set(name, [...(found.get(name) ?? []), measured]);
  }
for (const [name, all] of found) {
  const column = (key: keyof Measured, digits: number) =>
    spread(
      all.map((one) => one[key]),
      digits,
      "",
    );
  console.log(
    `| ${name} | ${column("rate", 2)} | ${column("milliseconds", 0)} | ${column("empty", 0)} | ${median(all.map(({ ahead }) => ahead)).toFixed(1)} |`,
  );
}
