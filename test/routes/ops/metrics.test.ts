// GET /metrics: counters and gauges are correct, contain nothing about clients, and are documented.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROBLEMS } from "../../../src/errors.ts";
import { SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { noParser, parsed } from "../../support/openmetrics.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

const DOCS = join(import.meta.dir, "../../../docs");
const TUS = { "tus-resumable": "1.0.0" };

async function text(server: TestServer): Promise<string> {
  return await (await server.fetch("/metrics")).text();
}

/** The value of a metric, by its name with labels. */
async function figure(server: TestServer, name: string): Promise<number | undefined> {
  const line = (await text(server)).split("\n").find((line) => line.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length));
}

/** Sends a request. @returns the counters that rose, and by how much */
async function risen(server: TestServer, send: () => Promise<unknown>): Promise<Record<string, number>> {
  const counters = async () =>
    new Map(
      [...(await text(server)).matchAll(/^(sluice_\S+_total(?:\{[^\n]*?\})?) (\S+)$/gm)]
        .map(([, name = "", value]) => [name, Number(value)] as const)
        .filter(([name]) => !name.includes('route="/metrics"')),
    );
  const before = await counters();
  await send();
  const after = await counters();
  const rises = [...after].map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(rises.filter(([, rise]) => rise !== 0));
}

const request = (method: string, route: string, status: string): string =>
  `sluice_requests_total{method="${method}",route="${route}",status="${status}"}`;
const ended = (dialect: string, outcome: string): string =>
  `sluice_uploads_total{dialect="${dialect}",outcome="${outcome}"}`;
const problem = (code: string): string => `sluice_problems_total{code="${code}"}`;

describe("counters of", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
    await Bun.write(join(server.root, "ten"), "0123456789");
  });
  afterAll(() => server.stop());

  const saved = (dialect: string, bytes: number) => ({
    [ended(dialect, "saved")]: 1,
    sluice_received_bytes_total: bytes,
    sluice_saved_bytes_total: bytes,
  });

  test("PUT", async () => {
    const put = () => server.fetch("/files/put", { method: "PUT", body: "12345" });
    expect(await risen(server, put)).toEqual({ ...saved("put", 5), [request("PUT", "/files/*", "2xx")]: 1 });
  });

  test("POST of a file", async () => {
    const post = () => server.fetch("/files/?name=post", { method: "POST", body: "123" });
    expect(await risen(server, post)).toEqual({
      ...saved("post", 3),
      [request("POST", "/files/*", "2xx")]: 1,
    });
  });

  test("a form, for each of its files", async () => {
    const form = new FormData();
    for (const name of ["one", "two"]) form.append("file", new File(["1234"], name));
    expect(await risen(server, () => server.fetch("/files/", { method: "POST", body: form }))).toEqual({
      ...saved("form", 8),
      [ended("form", "saved")]: 2,
      [request("POST", "/files/*", "2xx")]: 1,
    });
  });

  test("tus, when the upload is complete", async () => {
    const headers = { ...TUS, "upload-length": "6", "upload-offset": "0" };
    const made = await server.fetch("/uploads?path=tus", { method: "POST", headers });
    const type = { "content-type": "application/offset+octet-stream" };
    const url = made.headers.get("location") ?? "";
    const add = (from: number, body: string) =>
      server.fetch(url, {
        method: "PATCH",
        headers: { ...TUS, ...type, "upload-offset": String(from) },
        body,
      });
    expect(await figure(server, "sluice_uploads_unfinished")).toBe(1);
    const patch = request("PATCH", "/uploads/:id", "2xx");
    expect(await risen(server, () => add(0, "abc"))).toEqual({ sluice_received_bytes_total: 3, [patch]: 1 });
    expect(await risen(server, () => add(3, "def"))).toEqual({
      ...saved("tus", 3),
      sluice_saved_bytes_total: 6,
      [patch]: 1,
    });
    expect(await figure(server, "sluice_uploads_unfinished")).toBe(0);
  });

  test("Resumable Uploads for HTTP", async () => {
    const headers = { "upload-complete": "?1", "upload-draft-interop-version": "6" };
    const post = () => server.fetch("/uploads?path=r", { method: "POST", headers, body: "12" });
    expect(await risen(server, post)).toEqual({
      ...saved("resumable", 2),
      [request("POST", "/uploads", "2xx")]: 1,
    });
  });

  test("refused requests, with any method and path", async () => {
    const put = () => server.fetch("/files/a%0ab%22%7d", { method: "PUT", body: "x" });
    expect(await risen(server, put)).toEqual({
      [ended("put", "refused")]: 1,
      [problem("invalid_path")]: 1,
      [request("PUT", "/files/*", "4xx")]: 1,
    });
    const odd = () => server.fetch('/x"}{\\y', { method: "PROPFIND" });
    expect(await risen(server, odd)).toEqual({
      [problem("not_found")]: 1,
      [request("other", "none", "4xx")]: 1,
    });
  });

  test("cut connections", async () => {
    await using connection = await connect(server.url);
    const rises = await risen(server, async () => {
      const cut = ended("put", "cut");
      await connection.send("PUT /files/cut HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc");
      await until("it arrives", async () => (await figure(server, "sluice_uploads_running")) === 1);
      expect(await figure(server, "sluice_upload_requests")).toBe(1);
      connection.reset();
      await until("it is cut", async () => (await figure(server, cut)) === 1);
    });
    expect(rises[ended("put", "cut")]).toBe(1);
    expect(rises[problem("body_incomplete")]).toBe(1);
    expect(await figure(server, "sluice_uploads_running")).toBe(0);
  });

  test("downloads", async () => {
    const name = 'sluice_downloads_total{ending="sent"}';
    const rises = await risen(server, async () => {
      await (await server.fetch("/files/ten")).text();
      await until("it is known", async () => (await figure(server, name)) === 1);
    });
    expect(rises).toEqual({
      [name]: 1,
      sluice_sent_bytes_total: 10,
      [request("GET", "/files/*", "2xx")]: 1,
    });
  });

  test("changes", async () => {
    await Bun.write(join(server.root, "gone"), "x");
    expect(await risen(server, () => server.fetch("/files/gone", { method: "DELETE" }))).toEqual({
      'sluice_changes_total{what="removed"}': 1,
      [request("DELETE", "/files/*", "2xx")]: 1,
    });
  });

  test("waits, one per file and kind", async () => {
    const count = (kind: string) => figure(server, `sluice_upload_wait_seconds_count{kind="${kind}"}`);
    const sum = (kind: string) => figure(server, `sluice_upload_wait_seconds_sum{kind="${kind}"}`);
    const before = await Promise.all([count("network"), sum("sync")]);
    const answer = await server.fetch("/files/waits", { method: "PUT", body: "x" });
    const { flow } = await bodyIn(SavedFile, answer);
    expect(await count("network")).toBe((before[0] ?? 0) + 1);
    expect(await count("hash")).toBe((before[0] ?? 0) + 1);
    expect(await sum("sync")).toBeCloseTo((before[1] ?? 0) + flow.waits.sync, 5);
  });

  test("no path, query or header name is included", async () => {
    const own = "SESAME";
    await server.fetch(`/files/${own}?${own}=1`, { method: "PUT", body: own, headers: { [own]: own } });
    await server.fetch(`/${own}`, { method: own });
    await server.fetch(`/api/entries?folder=${own}`, { headers: { "x-request-id": own } });
    expect(await text(server)).not.toContain(own);
  });

  test.skipIf(noParser)("a strict parser accepts it, and every problem code has a counter", async () => {
    const samples = parsed(await text(server));
    const codes = samples
      .filter(({ name }) => name === "sluice_problems_total")
      .map(({ labels }) => labels["code"]);
    expect(codes.toSorted()).toEqual(Object.keys(PROBLEMS).toSorted());
    expect(samples.every(({ value }) => value >= 0)).toBe(true);
    for (const name of [
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "process_open_fds",
      "process_max_fds",
    ])
      expect(samples.find((sample) => sample.name === name)?.value).toBeGreaterThan(0);
    const started = samples.find(({ name }) => name === "process_start_time_seconds")?.value ?? 0;
    expect(Math.abs(started - (Date.now() / 1000 - process.uptime()))).toBeLessThan(5);
  });
});

test("is OpenMetrics text that is not cached, and needs no grant", async () => {
  await using closed = await startServer({ allow: new Set() });
  const answer = await closed.fetch("/metrics");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe(
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(await answer.text()).toEndWith("\n# EOF\n");
});

test("each app has its own metrics", async () => {
  await using one = await startServer();
  await using other = await startServer();
  await one.fetch("/files/a", { method: "PUT", body: "x" });
  expect(await figure(one, ended("put", "saved"))).toBe(1);
  expect(await figure(other, ended("put", "saved"))).toBe(0);
});

describe("the documents", () => {
  /** The names of metrics in a text, without the suffixes of histograms. */
  const named = (text: string): Set<string> =>
    new Set(
      [...text.matchAll(/\b(?:sluice|process)_[a-z_]+/g)].map(([name]) =>
        name.replace(/_(?:bucket|sum|count)$/, ""),
      ),
    );
  const names = async (): Promise<Set<string>> => {
    await using server = await startServer();
    const types = [...(await text(server)).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    return new Set(types.map(([, name, type]) => (type === "counter" ? `${name}_total` : `${name}`)));
  };

  test("docs/metrics.md names exactly these metrics", async () => {
    const page = readFileSync(join(DOCS, "metrics.md"), "utf8");
    expect([...named(page)].toSorted()).toEqual([...(await names())].toSorted());
  });

  test("the dashboard uses existing metrics", async () => {
    const board = JSON.parse(readFileSync(join(DOCS, "grafana.json"), "utf8"));
    const asked: string[] = board.panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
      targets.map(({ expr }) => expr),
    );
    expect(asked.length).toBeGreaterThan(20);
    const there = await names();
    for (const expression of asked) {
      expect([...named(expression)].filter((name) => !there.has(name))).toEqual([]);
      expect(named(expression).size).toBe(1);
    }
  });
});
