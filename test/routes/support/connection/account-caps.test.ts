// The caps of accounts and links: all transfers of an account share one, resumed uploads have that of their maker, others have none.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { ALL_WORDS } from "../../../../src/access/words.ts";
import type { FlowReport } from "../../../../src/core/report/flow-report.ts";
import { ROOT } from "../../../../src/path.ts";
import { SavedFile } from "../../../../src/routes/openapi/shapes.ts";
import { type AccessServer, bearer, startAccessServer } from "../../../support/access.ts";
import { bodyIn } from "../../../support/answer.ts";
import { until } from "../../../support/server.ts";
import { named, OFFSET_TYPE, TUS } from "../../../support/tus-client.ts";

const RATE = 10e6;
const BYTES = new Uint8Array(2e6);

let server: AccessServer;
let slow: Record<string, string>;
let free: Record<string, string>;
beforeAll(async () => {
  server = await startAccessServer((database) => {
    for (const name of ["slow", "free"]) database.account(name, { "": "read,write,replace" });
    database.change("setRate", { name: "slow", rate: RATE });
    slow = bearer(database.token("slow"));
    free = bearer(database.token("free"));
  });
});
afterAll(() => server.stop());

const caps = () => server.app.decorator.services.caps;

async function put(headers: Record<string, string>): Promise<FlowReport> {
  const answer = await server.fetch("/files/a", { method: "PUT", body: BYTES, headers });
  return (await bodyIn(SavedFile, answer)).flow;
}

test("an upload of an account with a cap reports it, that of another account has none", async () => {
  const { waits, bottleneck, explanation } = await put(slow);
  expect(waits.cap).toBeGreaterThan(0.1);
  // On a busy machine the processor may take longer.
  if (bottleneck === "cap")
    expect(explanation).toStartWith("The cap of this account (10 MB/s) was the limit.");
  expect((await put(free)).waits).not.toHaveProperty("cap");
});

test("a request that continues an upload has the cap of its maker, also without a login", async () => {
  const created = await server.fetch("/uploads", {
    method: "POST",
    headers: { ...slow, ...TUS, ...named("tus"), "upload-length": `${BYTES.length}` },
  });
  const answer = await server.fetch(created.headers.get("location") ?? "", {
    method: "PATCH",
    headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": "0" },
    body: BYTES,
  });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("server-timing")).toMatch(/, cap;dur=\d{3}\./);
});

test("a download of an account with a cap is one under a cap, that of another account is not", async () => {
  await put(free);
  const downloads: number[] = [];
  for (const headers of [slow, free]) {
    const answer = await server.fetch("/files/a", { headers });
    downloads.push(caps().downloads);
    expect((await answer.bytes()).byteLength).toBe(BYTES.length);
    await until("it has ended", () => caps().downloads === 0);
  }
  expect(downloads).toEqual([1, 0]);
  expect(server.log.filter((line) => line.includes("under the cap of this account (10 MB/s)"))).toHaveLength(
    1,
  );
});

test("a link has its own cap, and counts towards that of the account that made it", async () => {
  const link = { id: "one", account: "slow", path: ROOT, kind: "folder", rate: 5e6 } as const;
  server.database.change("addLink", link);
  await server.read();
  const { access } = server.app.decorator.services;
  const known = access.snapshot.links.get("one");
  const rates = known && access.asLink(known, ALL_WORDS)?.rates;
  const [own, account] = (rates ?? []).map(({ key, rate, label }) => caps().of(key, rate, label));
  expect([own?.name, account?.name]).toEqual(["cap of this link (5 MB/s)", "cap of this account (10 MB/s)"]);
  const { rates: ofAccount } = access.byMaker(`account:${access.snapshot.accounts.get("slow")?.uid}`) ?? {};
  const [shared] = (ofAccount ?? []).map(({ key, rate, label }) => caps().of(key, rate, label));
  expect(shared === account).toBe(true);
});

test("a cap that is removed limits no later request", async () => {
  server.database.change("setRate", { name: "slow", rate: null });
  await server.read();
  expect((await put(slow)).waits).not.toHaveProperty("cap");
});
