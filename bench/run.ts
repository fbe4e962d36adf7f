// `bun run bench`: compares Sluice with other servers, prints a table and writes docs/benchmarks.md.

import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Bench, Group } from "./bench.ts";
import { machineFacts } from "./machine.ts";
import { assemble, type Section } from "./report.ts";
import { aborts } from "./rows/aborts.ts";
import { archive } from "./rows/archive.ts";
import { binary } from "./rows/binary.ts";
import { bulk } from "./rows/bulk.ts";
import { caps } from "./rows/caps.ts";
import { concat } from "./rows/concat.ts";
import { download } from "./rows/download.ts";
import { health } from "./rows/health.ts";
import { links } from "./rows/links.ts";
import { listing } from "./rows/listing.ts";
import { logins } from "./rows/logins.ts";
import { memoryPeaks } from "./rows/memory.ts";
import { metering } from "./rows/metering.ts";
import { metrics } from "./rows/metrics.ts";
import { put } from "./rows/put.ts";
import { reports } from "./rows/reports.ts";
import { resumes } from "./rows/resume.ts";
import { small } from "./rows/small.ts";
import { tls } from "./rows/tls.ts";
import { tus } from "./rows/tus.ts";
import { waiting } from "./rows/waiting.ts";
import { webdav } from "./rows/webdav.ts";
import { peers, sluiceBinary, sluiceFromSource } from "./servers.ts";
import { table } from "./table.ts";
import { Workspace } from "./workspace.ts";

const GROUPS: readonly Group[] = [
  small,
  put,
  tls,
  metering,
  metrics,
  tus,
  resumes,
  waiting,
  concat,
  bulk,
  health,
  download,
  archive,
  caps,
  links,
  logins,
  memoryPeaks,
  aborts,
  binary,
  listing,
  webdav,
  reports,
];

const HELP = `usage: bun run bench [options]

  --rounds N     how often each server is measured (5)
  --quick        small sizes, to check that the benchmarks work; the figures mean little
  --only A,B     only these groups: ${GROUPS.map(({ key }) => key).join(", ")}
  --binary       measure dist/sluice instead of the sources
  --out FILE     the report (docs/benchmarks.md; none with --quick or --only);
                 sections of other groups are left as they are
  --help`;

function fail(message: string): never {
  console.error(`${message}\n\n${HELP}`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      options: {
        rounds: { type: "string", default: "5" },
        quick: { type: "boolean", default: false },
        only: { type: "string" },
        binary: { type: "boolean", default: false },
        out: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

const { rounds: roundsText, quick, only, binary: useBinary, out, help } = options();
if (help) {
  console.log(HELP);
  process.exit(0);
}
const rounds = Number(roundsText);
if (!Number.isInteger(rounds) || rounds < 1)
  fail(`--rounds ${roundsText}is not allowed; use a whole number from 1.`);
const keys = only?.split(",") ?? GROUPS.map(({ key }) => key);
for (const key of keys) if (!GROUPS.some((group) => group.key === key)) fail(`--only ${key}is not a group.`);

const sluice = useBinary ? sluiceBinary : sluiceFromSource;
if ("missing" in sluice.version) fail(`${sluice.version.missing}: run \`bun run build\` first.`);

const workspace = new Workspace();
const bench: Bench = {
  workspace,
  rounds,
  quick,
  sluice,
  peers: peers.filter(({ version }) => "found" in version),
  say: (line) => console.error(line),
};
const facts = [
  ...machineFacts(workspace.folder),
  `Sluice: \`${sluice.command}\``,
  ...peers.map(({ name, version, command }) =>
    "found" in version ? `${name} ${version.found}: \`${command}\`` : `skipped: ${version.missing}`,
  ),
];
const today = new Date().toISOString().slice(0, 10);
const head = [
  "# Benchmarks",
  "",
  "Written by `bun run bench`; each group names its own command. Servers are measured alternately, in rounds. A cell shows the",
  "median of the rounds, followed by the minimum and the maximum. Rates on one machine vary by a factor of two from minute to",
  "minute, so ratios compare figures of the same round: the median is bold, followed by all rounds. 1 GB is 10^9 bytes.",
  "",
  ...facts.map((fact) => `- ${fact}`),
].join("\n");
console.log(head);

const sections: Section[] = [];
for (const { key, title, method, run } of GROUPS.filter(({ key }) => keys.includes(key))) {
  console.error(`\n${key} …`);
  const command = ["bun run bench --only", key, "--rounds", rounds, ...(quick ? ["--quick"] : [])];
  if (useBinary) command.push("--binary");
  const before = `## ${title}\n\n\`${command.join(" ")}\`, ${today} · ${method}`;
  let text: string;
  try {
    text = `${before}\n\n${table(await run(bench))}`;
  } catch (error) {
    // Not written to the report, because the message may contain paths of this machine.
    console.error(error);
    process.exitCode = 1;
    text = `${before}\n\nThis group failed.`;
  }
  console.log(`\n${text}`);
  sections.push({ title, text });
}

const file = out ?? (quick || only ? undefined : join(import.meta.dir, "../docs/benchmarks.md"));
if (file) {
  const written = Bun.file(file);
  const before = (await written.exists()) ? await written.text() : "";
  const titles = GROUPS.map(({ title }) => title);
  await Bun.write(file, assemble(head, sections, before, titles));
}
process.exit();
