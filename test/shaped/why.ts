// Measures uploads at 7 MB/s with four different bottlenecks and draws their flow reports. As root, two minutes:
// bun run test/shaped/why.ts [--only WORDS] [--figures FILE]     writes docs/images/why-*.svg
// With --only, the pictures of the other cases and their figures in FILE are left unchanged.

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { FlowReport } from "../../src/core/report/flow-report.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { drawProgress, drawWaits } from "./drawing.ts";
import { openStand, type Place, type Stand, sourceFile, whyNoStand } from "./stand.ts";
import { whyNoFar } from "./system.ts";

const MB = 1e6;
const BYTES = 70 * MB;
const MAIN = join(import.meta.dir, "../../src/main.ts");
const IMAGES = join(import.meta.dir, "../../docs/images");
/** Milliseconds between two samples of the progress. */
const EVERY = 200;

interface Reason {
  /** File name of its picture. */
  readonly file: string;
  readonly name: string;
  readonly place: Place;
  prepare(stand: Stand, stack: AsyncDisposableStack): Promise<void> | void;
}

const rate = (stand: Stand, stack: AsyncDisposableStack, megabytes: number): void => {
  stand.line.rate(megabytes * MB);
  stack.defer(() => stand.line.rate(undefined));
};

const REASONS: readonly Reason[] = [
  {
    file: "far",
    name: "A line of 24 MB/s and 70 ms, a window of 512 KiB",
    place: "volume",
    async prepare(stand, stack) {
      stack.use(await stand.line.far({ roundTrip: 70, rate: 24 * MB, window: 65_535 * 8 }));
    },
  },
  {
    file: "line",
    name: "A line of 7 MB/s",
    place: "volume",
    prepare: (stand, stack) => rate(stand, stack, 7),
  },
  {
    file: "disk",
    name: "A line of 24 MB/s, a disk of 7",
    place: "volume",
    prepare(stand, stack) {
      rate(stand, stack, 24);
      stand.volume.limit(7 * MB);
      stack.defer(() => stand.volume.limit(0));
    },
  },
  {
    file: "processor",
    name: "A line of 24 MB/s, 2.4 % of a processor",
    place: "volume",
    prepare(stand, stack) {
      rate(stand, stack, 24);
      stack.use(stand.quota(0.024));
    },
  },
];

/** A sample of the progress of an upload. */
interface Sample {
  readonly seconds: number;
  readonly received: number;
  readonly saved: number;
}

/** The needed part of the answer of `GET /api/uploads`. */
interface Listed {
  readonly uploads: readonly { path: string; received: number; saved: number }[];
}

/** The results of one case. */
interface Measured {
  readonly file: string;
  readonly name: string;
  readonly flow: FlowReport;
  readonly samples: readonly Sample[];
  readonly summary: string;
  readonly findings: readonly Finding[];
}

async function measure(stand: Stand, { file, name, place, prepare }: Reason): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  await prepare(stand, stack);
  const url = stand.url(place);
  using source = sourceFile(BYTES);
  const path = `${file}-${crypto.randomUUID().slice(0, 8)}`;
  const began = performance.now();
  const sending = stand.run("curl", "-sS", "-H", "Expect:", "-T", source.path, `${url}/files/${path}`);
  const samples: Sample[] = [{ seconds: 0, received: 0, saved: 0 }];
  let finished = false;
  const watching = (async () => {
    while (!finished) {
      const answer = await fetch(`${url}/api/uploads`);
      const { uploads } = (await answer.json()) as Listed;
      const seconds = (performance.now() - began) / 1000;
      const upload = uploads.find((one) => one.path === path);
      if (upload) samples.push({ seconds, received: upload.received, saved: upload.saved });
      await Bun.sleep(EVERY);
    }
  })();
  await sending.finally(() => {
    finished = true;
  });
  samples.push({ seconds: (performance.now() - began) / 1000, received: BYTES, saved: BYTES });
  await watching;
  const flow = await stand.reportOf(path);
  const said = await stand.run(process.execPath, join(import.meta.dir, "examine.ts"), url);
  const { findings, summary }: { findings: Finding[]; summary: string } = JSON.parse(said);
  findings.push(...examineDisk(stand));
  return { file, name, flow, samples, summary, findings };
}

/** The findings of `sluice doctor` on the server's disk. */
function examineDisk({ volume }: Stand): Finding[] {
  const command = [process.execPath, "run", MAIN, "doctor", volume.folder, "--port", "0", "--json"];
  const { findings }: { findings: Finding[] } = JSON.parse(Bun.spawnSync(command).stdout.toString());
  return findings.filter(({ check }) => check === "write-speed");
}

const { only, figures } = parseArgs({
  options: { only: { type: "string", default: "" }, figures: { type: "string" } },
}).values;
const reason = whyNoStand() ?? whyNoFar();
if (reason) {
  console.error(reason);
  process.exit(1);
}
const before: Measured[] =
  figures && only && existsSync(figures) ? JSON.parse(readFileSync(figures, "utf8")) : [];
const all: Measured[] = [];
{
  await using stand = await openStand();
  for (const one of REASONS.filter(({ name }) => name.includes(only))) {
    const measured = await measure(stand, one);
    all.push(measured);
    const doctor = measured.findings.filter(({ check }) => /^(?:upload|round|write)/.test(check));
    console.log(`${one.name}\n  ${measured.flow.explanation}\n  ${JSON.stringify(measured.flow.waits)}`);
    for (const { name, value, reason: why = "" } of doctor) console.log(`  ${name}: ${value} ${why}`);
    console.log(`  ${measured.summary}\n`);
  }
}
const known = REASONS.flatMap(({ file }) => [...all, ...before].find((one) => one.file === file) ?? []);
if (figures) await Bun.write(figures, JSON.stringify(known));
mkdirSync(IMAGES, { recursive: true });
if (known.length === REASONS.length) await Bun.write(join(IMAGES, "why-waits.svg"), drawWaits(known));
for (const one of all) await Bun.write(join(IMAGES, `why-${one.file}.svg`), drawProgress(one));
