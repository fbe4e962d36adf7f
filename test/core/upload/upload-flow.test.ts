// The report of one upload, during it and at its end: the bottleneck is found, whichever part is slow.

import { describe, expect, test } from "bun:test";
import type { FlowReport } from "../../../src/core/report/flow-report.ts";
import { saveSingleFile } from "../../../src/core/upload/single-file.ts";
import type { UploadRequest } from "../../../src/core/upload/upload-request.ts";
import { checkFilePath } from "../../../src/path.ts";
import type { MemoryStep } from "../../../src/storage/memory/contents.ts";
import { idle } from "../../support/idle-clock.ts";
import { bodyOf, bytesOf, requestFor, uploaderWith } from "../../support/uploader.ts";

type Uploader = ReturnType<typeof uploaderWith>;

describe("the report of a running upload", () => {
  test("contains received and saved bytes and the bottleneck", async () => {
    const uploader = uploaderWith();
    const upload = await uploader.begin(
      requestFor("d/a", { size: 10, id: "my-upload", networkSeconds: () => 0.5 }),
    );
    await upload.write(bytesOf("hello"));
    expect(uploader.activeUploads.reports()).toEqual([
      {
        id: "my-upload",
        path: checkFilePath("d/a"),
        size: 10,
        received: 5,
        saved: 5,
        bytesPerSecond: expect.any(Number),
        bottleneck: expect.any(String),
        started: expect.stringMatching(/Z$/),
        state: "receiving",
      },
    ]);
    const finishing = upload.finish();
    expect(upload.report().state).toBe("saving");
    await finishing;
    expect(uploader.activeUploads.reports()).toEqual([]);
  });

  test("has no size if that is unknown", async () => {
    const upload = await uploaderWith().begin(requestFor("a"));
    expect(upload.report()).not.toHaveProperty("size");
    await upload.discard();
  });
});

describe("the limit is found", () => {
  const wait = (step: MemoryStep, milliseconds: number) => ({
    delay: (at: MemoryStep) => (at === step ? Bun.sleep(milliseconds) : undefined),
  });
  const chunks = (count: number, size = 250_000) => Array.from({ length: count }, () => size);
  const slowly = (count: number, milliseconds: number) =>
    Array.from({ length: count }, () => [() => Bun.sleep(milliseconds), 250_000]).flat();

  async function flowOf(
    uploader: Uploader,
    body: Parameters<typeof bodyOf>[0],
    more: Partial<UploadRequest> = {},
  ): Promise<FlowReport> {
    // An idle clock, because other programs may use the processor during the test.
    const outcome = await saveSingleFile(
      uploader,
      bodyOf(body, { clock: idle }),
      requestFor("a", more),
      () => {},
    );
    return outcome.file.flow;
  }

  test.each<[FlowReport["bottleneck"], () => Promise<FlowReport>, RegExp]>([
    [
      "network",
      () => flowOf(uploaderWith(), slowly(5, 40)),
      /^The network was the limit: .* waiting for data at/,
    ],
    ["disk", () => flowOf(uploaderWith({}, wait("write", 40)), chunks(5)), /^The disk was the limit: /],
    [
      "sync",
      () => flowOf(uploaderWith({}, wait("sync", 200)), chunks(5)),
      /^Syncing to the disk was the limit: /,
    ],
    [
      "sync",
      () => flowOf(uploaderWith({}, wait("publish", 200)), chunks(5)),
      /^Syncing to the disk was the limit: /,
    ],
    [
      "hash",
      () => flowOf(uploaderWith(), [bytesOf(64 * 2 ** 20)], { wantedDigest: "sha-512" }),
      /^Checking the digest was the limit: .* went into it, at .*B\/s\./,
    ],
    [
      "processor",
      () => flowOf(uploaderWith({}, { delay: busy }), chunks(5)),
      /^This server's processor was the limit: .* it was busy, at .*B\/s\./,
    ],
  ])("%s", async (bottleneck, run, sentence) => {
    let flow = await run();
    // Other programs that use the processor slow hashing and the rest alike, but not always equally.
    for (let more = 4; more > 0 && flow.bottleneck !== bottleneck; more -= 1) flow = await run();
    expect(flow.bottleneck).toBe(bottleneck);
    expect(flow.explanation).toMatch(sentence);
    const { network, disk, sync, hash, other } = flow.waits;
    const sum = network + disk + sync + hash + other;
    expect(Math.abs(sum - flow.seconds)).toBeLessThan(flow.seconds / 100);
    expect(flow.bytesPerSecond).toBeCloseTo(flow.bytes / flow.seconds, -4);
  });

  /** Keeps the thread busy. */
  function busy(step: MemoryStep): undefined {
    if (step !== "write") return;
    for (const start = performance.now(); performance.now() - start < 40; );
  }

  test("a wait before the upload began does not count", async () => {
    let waited = 1000;
    const upload = await uploaderWith().begin(requestFor("a", { networkSeconds: () => waited }));
    waited += 1e-6;
    const { file } = await upload.finish();
    expect(file.flow.waits.network).toBeCloseTo(1e-6, 6);
  });
});

test("waiting for the lock of a name does not count as processor time", async () => {
  const uploader = uploaderWith(
    {},
    { delay: (step: MemoryStep) => (step === "publish" ? Bun.sleep(40) : undefined) },
  );
  const flows = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const upload = await uploader.begin(requestFor("same", { conflict: "replace" }));
      await upload.write(bytesOf("x"));
      return (await upload.finish()).file.flow;
    }),
  );
  expect(flows.map(({ bottleneck }) => bottleneck)).toEqual(flows.map(() => "sync"));
});
