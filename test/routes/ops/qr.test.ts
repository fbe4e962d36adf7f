// POST /api/qr: a QR code for people who are logged in.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AccessServer, bearer, startAccessServer } from "../../support/access.ts";
import { problemIn } from "../../support/problem.ts";

let server: AccessServer;
let token = "";

beforeAll(async () => {
  server = await startAccessServer((database) => {
    database.account("alice");
    token = database.token("alice");
  });
});
afterAll(() => server.stop());

const draw = (body: unknown, headers: Record<string, string> = bearer(token)) =>
  server.fetch("/api/qr", { method: "POST", body: JSON.stringify(body), headers });

test("a text becomes an image that is not kept anywhere", async () => {
  const answer = await draw({ text: "https://files.example.org/s/abc" });
  expect(answer.headers.get("content-type")).toBe("image/svg+xml");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const image = await answer.text();
  expect(image).toStartWith("<svg");
  expect(await (await draw({ text: "https://files.example.org/s/abd" })).text()).not.toBe(image);
});

test("only accounts can have one drawn, and only of a short text", async () => {
  await problemIn(await draw({ text: "x" }, {}), "login_required");
  await problemIn(await draw({ text: "x".repeat(1025) }), "invalid_request");
  await problemIn(await draw({ text: "x", host: "y" }), "invalid_request");
});
