// Sends one file with each upload protocol, by curl.

import type { FlowReport } from "../../src/core/report/flow-report.ts";
import type { Stand } from "./stand.ts";

export const DIALECTS = ["put", "form", "tus", "parallel"] as const;
export type Dialect = (typeof DIALECTS)[number];

/** A transfer. */
export interface Sending {
  /** The URL of the server or of a relay in front of it. */
  url: string;
  /** The file to send. */
  source: string;
  bytes: number;
  /** Additional arguments for curl. */
  options?: readonly string[];
}

const STREAMS = 4;
let sent = 0;

/** Sends a file and waits for the answer. @returns the server's report, and the seconds that the client measured */
export async function send(
  stand: Stand,
  dialect: Dialect,
  sending: Sending,
): Promise<{ flow: FlowReport; seconds: number }> {
  sent += 1;
  const name = `${dialect}-${sent}`;
  const start = performance.now();
  await WAYS[dialect](stand, name, sending);
  const seconds = (performance.now() - start) / 1000;
  return { flow: await stand.reportOf(name), seconds };
}

const WAYS: Record<Dialect, (stand: Stand, name: string, sending: Sending) => Promise<void>> = {
  async put(stand, name, { url, source, options = [] }) {
    await curl(stand, "-T", source, ...options, `${url}/files/${name}`);
  },
  async form(stand, name, { url, source, options = [] }) {
    await curl(stand, "-F", `file=@${source};filename=${name}`, ...options, `${url}/files/`);
  },
  async tus(stand, name, { url, source, bytes, options = [] }) {
    const place = await create(
      stand,
      url,
      `Upload-Length: ${bytes}`,
      `Upload-Metadata: filename ${btoa(name)}`,
    );
    await curl(stand, ...PATCH, "-T", source, ...options, `${url}${place}`);
  },
  async parallel(stand, name, { url, source, bytes, options = [] }) {
    const length = Math.floor(bytes / STREAMS);
    const places: string[] = [];
    while (places.length < STREAMS)
      places.push(await create(stand, url, `Upload-Length: ${length}`, "Upload-Concat: partial"));
    await Promise.all(
      places.map(async (place, index) => {
        const part = `dd if=${source} bs=${length} skip=${index} count=1 status=none`;
        const words = curlWords(...PATCH, "-T", "-", ...options, `${url}${place}`);
        await stand.run("sh", "-c", `${part} | ${words.map((word) => `'${word}'`).join(" ")}`);
      }),
    );
    await create(
      stand,
      url,
      `Upload-Concat: final;${places.join(" ")}`,
      `Upload-Metadata: filename ${btoa(name)}`,
    );
  },
};

const TUS = ["-H", "Tus-Resumable: 1.0.0"];
const PATCH = [
  ...TUS,
  ...["-X", "PATCH", "-H", "Upload-Offset: 0", "-H", "Content-Type: application/offset+octet-stream"],
];

/** @returns the path of the new upload */
async function create(stand: Stand, url: string, ...headers: string[]): Promise<string> {
  const words = [...TUS, ...headers.flatMap((header) => ["-H", header])];
  const answer = await curl(stand, "-i", "-X", "POST", ...words, `${url}/uploads`);
  const place = /^location: (.*)$/im.exec(answer)?.[1]?.trim();
  if (place === undefined) throw new Error(`No Location: ${answer}`);
  return place;
}

const curlWords = (...words: readonly string[]): string[] => [
  ...["curl", "-sS", "--fail-with-body", "-H", "Expect:"],
  ...words,
];

const curl = (stand: Stand, ...words: string[]): Promise<string> => stand.run(...curlWords(...words));
