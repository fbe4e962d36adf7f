// Uploads under a cap: every way of uploading reports its wait as one of its own, also after a restart, and can be cancelled.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FlowReport } from "../../../../src/core/report/flow-report.ts";
import { FormResult, SavedFile, Uploads } from "../../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../../support/answer.ts";
import { formBody, formType } from "../../../support/form.ts";
import { connect } from "../../../support/raw.ts";
import { startServer, type TestServer, until } from "../../../support/server.ts";
import { named, OFFSET_TYPE, TUS } from "../../../support/tus-client.ts";

const CAP = 10e6;
/** Takes 0.4 s under the cap, of which the first 0.05 may be free: on a busy machine much of it is spent otherwise. */
const BYTES = new Uint8Array(4e6);

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ cap: CAP });
});
afterAll(() => server.stop());

function expectCapped({ waits, seconds, bottleneck, explanation }: FlowReport, least = 0.1): void {
  const { network, disk, sync, hash, cap = 0, other } = waits;
  expect(cap).toBeGreaterThan(least);
  expect(network + disk + sync + hash + cap + other).toBeCloseTo(seconds, 4);
  // On a busy machine the processor may take longer.
  if (bottleneck === "cap") expect(explanation).toContain("ap of this server (10 MB/s)");
}

const fileIn = async (answer: Response) => await bodyIn(SavedFile, answer);
const DRAFT = { "upload-draft-interop-version": "10" };

describe("the report of", () => {
  test("a PUT", async () => {
    const answer = await server.fetch("/files/put", { method: "PUT", body: BYTES });
    expect(answer.headers.get("server-timing")).toMatch(/, cap;dur=\d{3}\./);
    expectCapped((await fileIn(answer)).flow);
  });

  test("a POST", async () => {
    const answer = await server.fetch("/files/?name=post", { method: "POST", body: BYTES });
    expectCapped((await fileIn(answer)).flow);
  });

  test("each file of a form", async () => {
    const part = { data: BYTES };
    const body = formBody([
      { ...part, filename: "one" },
      { ...part, filename: "two" },
    ]);
    const headers = { "content-type": formType() };
    const answer = await server.fetch("/files/form/", { method: "POST", body, headers });
    const { files } = await bodyIn(FormResult, answer);
    expect(files).toHaveLength(2);
    for (const { flow } of files) expectCapped(flow);
  });

  test("Resumable Uploads for HTTP", async () => {
    const answer = await server.fetch("/uploads?path=draft", {
      method: "POST",
      headers: { ...DRAFT, "upload-complete": "?1" },
      body: BYTES,
    });
    expectCapped((await fileIn(answer)).flow);
  });

  test("tus, in the Server-Timing of its last answer", async () => {
    const created = await server.fetch("/uploads", {
      method: "POST",
      headers: { ...TUS, ...named("tus"), "upload-length": `${BYTES.length}` },
    });
    const answer = await server.fetch(created.headers.get("location") ?? "", {
      method: "PATCH",
      headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": "0" },
      body: BYTES,
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("server-timing")).toMatch(/, cap;dur=\d{3}\./);
  });
});

test("a resumed upload reports the cap that made its first part wait, also after a restart without a cap", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-cap-"));
  await using _ = { [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
  await using first = await startServer({ root, cap: CAP });
  const created = await first.fetch("/uploads?path=a", {
    method: "POST",
    headers: { ...DRAFT, "upload-complete": "?0", "upload-length": `${BYTES.length + 5}` },
    body: BYTES,
  });
  expect(created.status).toBe(201);
  await first.stop();
  await using second = await startServer({ root });
  const answer = await second.fetch(created.headers.get("location") ?? "", {
    method: "PATCH",
    headers: {
      ...DRAFT,
      "content-type": "application/partial-upload",
      "upload-offset": `${BYTES.length}`,
      "upload-complete": "?1",
    },
    body: "hello",
  });
  expectCapped((await fileIn(answer)).flow);
});

describe("an upload that a cap makes wait", () => {
  /** Under this cap the bytes of these uploads last longer than any test. */
  const SLOW = 10e3;

  test("is listed with its bottleneck, and ends at once when it is cancelled", async () => {
    await using slow = await startServer({ cap: SLOW });
    using client = await connect(slow.url);
    await client.send("PUT /files/a HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: the-upload\r\n");
    await client.send("Content-Length: 9000000\r\n\r\n");
    void client.send(new Uint8Array(9e6)).catch(() => {});
    await until("the cap is the bottleneck", async () => {
      const { uploads } = await bodyIn(Uploads, await slow.fetch("/api/uploads"));
      return uploads.some(({ bottleneck }) => bottleneck === "cap");
    });
    expect((await slow.fetch("/api/uploads/the-upload", { method: "DELETE" })).status).toBe(204);
    expect(await client.answer()).toMatchObject({ status: 410 });
  });

  test("does not hold up the stop of the server", async () => {
    const slow = await startServer({ cap: SLOW });
    using client = await connect(slow.url);
    await client.send("PUT /files/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n");
    void client.send(new Uint8Array(9e6)).catch(() => {});
    const { activeUploads } = slow.app.decorator.services.uploader;
    await until("it waits", () => activeUploads.reports().some(({ bottleneck }) => bottleneck === "cap"));
    await slow.stop();
    expect(activeUploads.size).toBe(0);
  });

  test("lets a newer request of the same resumable upload take over", async () => {
    await using slow = await startServer({ cap: SLOW });
    const created = await slow.fetch("/uploads?path=a", {
      method: "POST",
      headers: { ...TUS, "upload-length": "9000000" },
    });
    const url = created.headers.get("location") ?? "";
    using client = await connect(slow.url);
    await client.send(
      `PATCH ${url} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 9000000\r\n\r\n`,
    );
    void client.send(new Uint8Array(9e6)).catch(() => {});
    const { activeUploads } = slow.app.decorator.services.uploader;
    await until("it waits", () => activeUploads.reports().some(({ bottleneck }) => bottleneck === "cap"));
    const head = await slow.fetch(url, { method: "HEAD", headers: TUS });
    expect(Number(head.headers.get("upload-offset"))).toBeGreaterThan(0);
    expect(activeUploads.size).toBe(0);
  });
});
