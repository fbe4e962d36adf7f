// The flow report of an upload that is concatenated from parts.

import { expect, test } from "bun:test";
import type { UploadSession } from "../../../src/core/resumable/session.ts";
import { append, creation, open } from "../../support/upload-registry.ts";

test("adds up the measurements of its parts", async () => {
  const { uploads } = await open();
  const part = await uploads.create(creation("p", { concat: { kind: "partial" } }));
  await append(part, 0, "abcdef");
  const { id } = part.record;
  const concat = { kind: "final" as const, urls: [id, id], ids: [id, id] };
  const final = await uploads.create(creation("a.txt", { size: null, concat }));
  await uploads.assemble(final);
  expect(final.record.finished?.file).toMatchObject({ size: 12, flow: { bytes: 6 } });
});

test("lasts as long as all its parts together when they were sent in parallel", async () => {
  const { uploads } = await open();
  const parts: UploadSession[] = [];
  for (const name of ["one", "two"]) {
    const part = await uploads.create(creation(name, { concat: { kind: "partial" } }));
    await append(part, 0, "abcdef");
    // Each waits eight seconds for the network, within the same ten seconds.
    part.record.measured = { ...part.record.measured, seconds: 8, network: 8 };
    part.activity.touch(part.record.created + 10_000);
    parts.push(part);
  }
  const ids = parts.map(({ record }) => record.id);
  const concat = { kind: "final" as const, urls: ids, ids };
  const final = await uploads.create(creation("a.txt", { size: null, concat }));
  await uploads.assemble(final);
  const flow = final.record.finished?.file.flow;
  expect(flow?.bottleneck).toBe("network");
  expect(flow?.seconds).toBeGreaterThan(9.9);
  expect(flow?.seconds).toBeLessThan(13);
  expect(flow?.waits.network).toBeGreaterThan(9.7);
  expect(flow?.waits.network).toBeLessThan(10.5);
});
