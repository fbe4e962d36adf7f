// Group "waiting": the cost of a start with thousands of unfinished uploads.

import { type Bench, type Group, settle } from "../bench.ts";
import { memory, processorSeconds } from "../process.ts";
import { type Figure, mebibytes, median, spread } from "../table.ts";

/** Clients that create uploads concurrently. */
const CLIENTS = 8;
const HEADERS = {
  "tus-resumable": "1.0.0",
  "upload-length": "6",
  "content-type": "application/offset+octet-stream",
};

/** The figures of one start. */
interface Start {
  milliseconds: number;
  processor: number;
  memory: number;
}

async function startOn({ workspace, sluice }: Bench, root: string): Promise<Start> {
  await using server = await sluice.start(workspace, [], root);
  const { startedIn, pid } = server;
  return { milliseconds: startedIn, processor: processorSeconds(pid) * 1000, memory: memory(pid, "now") };
}

/** Creates uploads that have half of their bytes. */
async function fill({ workspace, sluice }: Bench, root: string, count: number): Promise<void> {
  await using server = await sluice.start(workspace, [], root);
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const url = `${server.origin}/uploads?path=folder/${next++}.bin`;
      const { status } = await fetch(url, { method: "POST", headers: HEADERS, body: "abc" });
      if (status !== 201) throw new Error(`An upload was refused with ${status}.`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

/** Starts on a root with unfinished uploads, compared with an empty one. */
export const waiting: Group = {
  key: "waiting",
  title: "Start with unfinished uploads",
  method:
    "10,000 tus uploads, the default of --max-waiting, have half of their 6 bytes when the server is stopped; then it is started on that root and on an empty one in turn. " +
    "The time is that from the start of the process to its first answer; the processor time includes the runtime.",
  async run(bench) {
    const count = bench.quick ? 500 : 10_000;
    const [root, empty] = ["waiting", "empty"].map((name) => bench.workspace.makeFolder(name));
    if (root === undefined || empty === undefined) return [];
    await fill(bench, root, count);
    const full: Start[] = [];
    const none: Start[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      await settle(bench);
      full.push(await startOn(bench, root));
      none.push(await startOn(bench, empty));
    }
    const times = full.map(({ milliseconds }) => milliseconds);
    const compared = (name: string, shown: (starts: Start[]) => string): Figure => ({
      name,
      sluice: shown(full),
      versus: "with none",
      other: shown(none),
    });
    return [
      {
        ...compared(`start with ${count}`, (starts) =>
          spread(
            starts.map(({ milliseconds }) => milliseconds),
            0,
            "ms",
          ),
        ),
        target: { text: "≤ 1000 ms", met: median(times) <= 1000 },
      },
      compared("its processor time", (starts) =>
        spread(
          starts.map(({ processor }) => processor),
          0,
          "ms",
        ),
      ),
      compared("RSS after it", (starts) => mebibytes(median(starts.map((start) => start.memory)))),
    ];
  },
};
