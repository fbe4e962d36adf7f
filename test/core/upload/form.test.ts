// Forms without HTTP: parts are read one after another and published concurrently; a failing part does not affect others.

import { describe, expect, test } from "bun:test";
import { type FormOptions, type FormSaveResult, FormUpload } from "../../../src/core/upload/form.ts";
import { Problem } from "../../../src/errors.ts";
import { checkFolderPath } from "../../../src/path.ts";
import type { MemoryStep } from "../../../src/storage/memory/contents.ts";
import type { MemoryOptions } from "../../../src/storage/memory/memory.ts";
import { BOUNDARY, file, formBody } from "../../support/form.ts";
import { bodyOf, pathsIn, textOf, uploaderWith } from "../../support/uploader.ts";

type Chunks = Parameters<typeof bodyOf>[0];

/** Reads a form into an in-memory storage. */
async function read(chunks: Chunks, options: Partial<FormOptions> = {}, memory: MemoryOptions = {}) {
  const uploader = uploaderWith({}, memory);
  let saving = 0;
  const form = new FormUpload({
    uploader,
    folder: checkFolderPath("in"),
    boundary: BOUNDARY,
    maxFiles: 10_000,
    maxErrors: 10,
    intent: { conflict: "rename", conditions: {}, wantedDigest: null },
    permit: async () => ({ replace: true, read: true }),
    ...options,
  });
  const outcome: FormSaveResult = await form.read(bodyOf(chunks), () => {
    saving += 1;
  });
  expect(saving).toBe(1);
  expect(options.uploader?.activeUploads.size ?? uploader.activeUploads.size).toBe(0);
  return { ...outcome, storage: uploader.storage };
}

const partsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => file(`${index}`, `data ${index}`));
const chunked = (body: Buffer, size: number): Uint8Array<ArrayBuffer>[] =>
  Array.from(
    { length: Math.ceil(body.length / size) },
    (_, index) => new Uint8Array(body.subarray(index * size, (index + 1) * size)),
  );

test("files are reported in the order of the form, whichever is finished first", async () => {
  let left = 100;
  const delay = (step: MemoryStep) => {
    left -= 1;
    return step === "sync" ? Bun.sleep(left % 7) : undefined;
  };
  const { files } = await read([new Uint8Array(formBody(partsOf(40)))], {}, { delay });
  expect(files.map(({ name }) => name)).toEqual(partsOf(40).map(({ filename = "" }) => filename));
});

test("the next part is read while the previous ones are synced, up to a limit", async () => {
  let syncing = 0;
  let most = 0;
  const delay = (step: MemoryStep) => {
    if (step !== "sync") return undefined;
    syncing += 1;
    most = Math.max(most, syncing);
    return Bun.sleep(2).then(() => {
      syncing -= 1;
    });
  };
  const { files } = await read([new Uint8Array(formBody(partsOf(200)))], {}, { delay });
  expect(files).toHaveLength(200);
  expect(most).toBeWithin(2, 65);
});

test("files on their way to the disk reserve no more of a quota than their bytes", async () => {
  const delay = (step: MemoryStep) => (step === "sync" ? Bun.sleep(2) : undefined);
  const uploader = uploaderWith({}, { delay });
  const folder = checkFolderPath("in");
  const parts = Array.from({ length: 30 }, (_, index) => file(`${index}`, "x".repeat(10_000)));
  uploader.quotas.set([{ path: folder, bytes: 300_000 }]);
  const { files, errors } = await read([new Uint8Array(formBody(parts))], { uploader });
  expect([files.length, errors]).toEqual([30, []]);
  expect(uploader.quotas.report(folder)).toMatchObject({ used: 300_000, reserved: 0 });
});

test("the result does not depend on how the body is split into chunks", async () => {
  const body = formBody([
    file("a", "hello"),
    { name: "field", data: "x" },
    file("b", "\r\n--not-the-boundary\r\n"),
  ]);
  for (const size of [1, 2, 3, 7, 50]) {
    const { files, errors, storage } = await read(chunked(body, size));
    expect([files.length, errors.length]).toEqual([2, 0]);
    expect(await textOf(storage, "in/a")).toBe("hello");
    expect(await textOf(storage, "in/b")).toBe("\r\n--not-the-boundary\r\n");
  }
});

describe("a failing part does not affect others", () => {
  test("if the storage has no space for one file, smaller ones are saved", async () => {
    const parts = [file("a", "x".repeat(40)), file("b", "x".repeat(100)), file("c", "x".repeat(40))];
    const { files, errors, failures, storage } = await read(
      [new Uint8Array(formBody(parts))],
      {},
      { capacity: 100 },
    );
    expect(files.map(({ name }) => name)).toEqual(["a", "c"]);
    expect(errors).toEqual([{ code: "storage_full", file: "b", detail: expect.any(String) }]);
    expect(failures.map(({ code }) => code)).toEqual(["storage_full"]);
    expect(pathsIn(storage)).toEqual(["in/a", "in/c"]);
  });

  test("even if it fails while it is published", async () => {
    const delay = (step: MemoryStep, bytes: number) =>
      step === "publish" && bytes === 3 ? Promise.reject(new Problem("storage_failed", "No.")) : undefined;
    const { files, errors } = await read(
      [new Uint8Array(formBody([file("a", "1"), file("b", "123"), file("c", "1")]))],
      {},
      { delay },
    );
    expect(files.map(({ name }) => name)).toEqual(["a", "c"]);
    expect(errors).toEqual([{ code: "storage_failed", file: "b", detail: "No." }]);
  });

  test("an internal error is reported without its message, which only the log contains", async () => {
    const delay = (step: MemoryStep) =>
      step === "sync" ? Promise.reject(new TypeError("secret")) : undefined;
    const { errors, failures } = await read([new Uint8Array(formBody([file("a")]))], {}, { delay });
    expect(errors).toEqual([{ code: "internal", file: "a", detail: expect.not.stringContaining("secret") }]);
    expect(failures[0]?.cause).toEqual(new TypeError("secret"));
  });

  test("errors of the client are not logged as failures of the server", async () => {
    expect((await read([new Uint8Array(formBody([file("../a")]))])).failures).toEqual([]);
  });
});

test("several errors of one name are reported in one entry", async () => {
  const { errors } = await read([new Uint8Array(formBody([file("../con/b ")]))]);
  expect(errors).toEqual([
    {
      code: "invalid_path",
      file: "../con/b ",
      detail:
        "A segment must not be `..`. A segment must not be a Windows device name. A segment must not end in a dot or a space.",
    },
  ]);
});

test("errors while files are published are reported too, within the limit", async () => {
  const delay = (step: MemoryStep) =>
    step === "sync"
      ? Bun.sleep(1).then(() => Promise.reject(new Problem("storage_failed", "No.")))
      : undefined;
  const { files, errors, errorsOmitted } = await read(
    [new Uint8Array(formBody(partsOf(200)))],
    { maxErrors: 3 },
    { delay },
  );
  expect(files).toEqual([]);
  expect(errors.map(({ code }) => code)).toEqual([
    "storage_failed",
    "storage_failed",
    "storage_failed",
    "too_many_errors",
  ]);
  expect(errorsOmitted).toBeWithin(0, 65);
});

test("a name that is too long is truncated in the error", async () => {
  const { errors } = await read([new Uint8Array(formBody([file("x".repeat(5000))]))]);
  expect(errors[0]?.file).toBe("x".repeat(255));
});

test("the report of each file contains the waits while that file was read", async () => {
  const body = formBody([file("fast", "x".repeat(100)), file("slow", "y".repeat(100))]);
  const middle = body.indexOf("yyy");
  const { files } = await read([
    new Uint8Array(body.subarray(0, middle + 10)),
    () => Bun.sleep(1000),
    new Uint8Array(body.subarray(middle + 10)),
  ]);
  const [fast, slow] = files.map(({ flow }) => flow);
  expect(fast?.waits.network).toBeLessThan(0.5);
  expect(slow?.waits.network).toBeGreaterThan(0.5);
  expect(slow?.bottleneck).toBe("network");
});

test("if the body is cut off, complete files are kept and the incomplete one is discarded", async () => {
  const body = formBody([file("whole", "1"), file("cut", "12345")]);
  const { files, errors, storage } = await read([
    new Uint8Array(body.subarray(0, body.indexOf("12345") + 2)),
    () => Promise.reject(new Error("gone")),
  ]);
  expect(files.map(({ name }) => name)).toEqual(["whole"]);
  expect(errors).toEqual([{ code: "body_incomplete", file: "cut", detail: expect.any(String) }]);
  expect(pathsIn(storage)).toEqual(["in/whole"]);
});
