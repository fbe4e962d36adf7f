// Charts as small SVG files: selectable text, system fonts, light or dark according to the reader's preference.

import type { Bottleneck, Waits } from "../../src/core/report/flow-report.ts";
import { formatRate } from "../../src/units.ts";

/** An upload and its report. */
export interface Charted {
  readonly name: string;
  readonly flow: { seconds: number; bytesPerSecond: number; bottleneck: Bottleneck; waits: Waits };
  readonly samples: readonly { seconds: number; received: number; saved: number }[];
}

const WIDTH = 760;
const LEFT = 16;
const RIGHT = 744;

const STYLE = `
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 12px; fill: #59636e }
  .bold { font-weight: 600 }
  .end { text-dir: end }
  .middle { text-dir: middle }
  .ground { fill: #ffffff }
  .grid { stroke: #d1d9e0 }
  .network { fill: #0969da }
  .disk { fill: #9a6700 }
  .sync { fill: #bc4c00 }
  .hash { fill: #8250df }
  .other { fill: #a40e26 }
  .received { fill: none; stroke: #0969da; stroke-width: 2.5; stroke-dasharray: 7 4 }
  .saved { fill: none; stroke: #1a7f37; stroke-width: 2.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .small { fill: #9198a1 }
    .ground { fill: #0d1117 }
    .grid { stroke: #3d444d }
    .network { fill: #4493f8 }
    .disk { fill: #d29922 }
    .sync { fill: #f0883e }
    .hash { fill: #ab7df8 }
    .other { fill: #f85149 }
    .received { stroke: #4493f8 }
    .saved { stroke: #3fb950 }
  }
`;

const PARTS = ["network", "disk", "sync", "hash", "other"] as const;
const WORDS: Record<(typeof PARTS)[number], string> = {
  network: "network",
  disk: "disk",
  sync: "sync",
  hash: "hash",
  other: "processor",
};

/** One bar per upload, divided by its waits. */
export function drawWaits(all: readonly Charted[]): string {
  const [top, row, bar] = [74, 62, 22];
  const width = RIGHT - LEFT;
  const bars = all.map(({ name, flow }, index) => {
    const y = top + index * row;
    let x = LEFT;
    const parts = PARTS.map((part) => {
      const share = flow.seconds > 0 ? flow.waits[part] / flow.seconds : 0;
      const length = share * width;
      const from = x;
      x += length;
      if (length < 0.5) return "";
      return `<rect class="${part}" x="${one(from)}" y="${y}" width="${one(length)}" height="${bar}"><title>${WORDS[part]}: ${Math.round(share * 100)} %, ${one(flow.waits[part])} s</title></rect>`;
    });
    const said = `${flow.bottleneck}, ${Math.round((Math.max(...Object.values(flow.waits)) / flow.seconds) * 100)} %`;
    return [
      text(LEFT, y - 8, name),
      text(RIGHT, y - 8, `${formatRate(flow.bytesPerSecond)} · limit: ${said}`, "bold end"),
      ...parts,
    ].join("");
  });
  const used = PARTS.filter((part) => all.some(({ flow }) => flow.waits[part] > 0.005 * flow.seconds));
  const bottom = top + all.length * row;
  const legend = used.map((part, index) => {
    const x = LEFT + index * 120;
    return `<rect class="${part}" x="${x}" y="${bottom - 8}" width="12" height="12"/>${text(x + 18, bottom + 3, WORDS[part], "small")}`;
  });
  return picture("Where the time of each upload went", bottom + 20, [...bars, ...legend]);
}

/** Received and saved bytes over time. */
export function drawProgress({ name, flow, samples }: Charted): string {
  const [top, bottom, left] = [56, 250, 64];
  const last = samples.at(-1);
  const [seconds, bytes] = [last?.seconds ?? 1, last?.received ?? 1];
  const x = (at: number): number => left + ((RIGHT - left) * at) / seconds;
  const y = (at: number): number => bottom - ((bottom - top) * at) / bytes;
  const line = (of: "received" | "saved"): string =>
    `<polyline class="${of}" points="${samples.map((sample) => `${one(x(sample.seconds))},${one(y(sample[of]))}`).join(" ")}"/>`;
  const heights = ticks(bytes / 1e6).map(
    (at) =>
      `<path class="grid" d="M${left} ${one(y(at * 1e6))}H${RIGHT}"/>${text(left - 8, y(at * 1e6) + 4, `${at} MB`, "small end")}`,
  );
  const times = ticks(seconds).map((at) => text(x(at), bottom + 18, `${at} s`, "small middle"));
  const legend = [
    `<path class="received" d="M${left} ${bottom + 40}h36"/>`,
    text(left + 44, bottom + 44, "received", "small"),
    `<path class="saved" d="M${left + 130} ${bottom + 40}h36"/>`,
    text(left + 174, bottom + 44, "saved: safe on the disk", "small"),
  ];
  const head = text(RIGHT, 28, `${formatRate(flow.bytesPerSecond)} · limit: ${flow.bottleneck}`, "bold end");
  return picture(name, bottom + 60, [head, ...heights, ...times, line("received"), line("saved"), ...legend]);
}

/** Up to six round values for an axis, starting at 0. */
function ticks(most: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100].find((size) => most / size <= 6) ?? 200;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

function picture(title: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>
${[text(LEFT, 28, title, "bold"), ...parts].filter(Boolean).join("\n")}
</svg>
`;
}

function text(x: number, y: number, words: string, style = ""): string {
  return `<text x="${one(x)}" y="${one(y)}"${style && ` class="${style}"`}>${escaped(words)}</text>`;
}

const one = (figure: number): string => String(Number(figure.toFixed(1)));

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
