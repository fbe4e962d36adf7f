// Every route × every kind of asker × every place, compared with a small model of its own, and searched for names and bytes of others.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type AccessServer, bearer, startAccessServer } from "../../../support/access.ts";
import { connect, type RawConnection } from "../../../support/raw.ts";
import { allowOf, until } from "../../../support/server.ts";
import { type Asked, PLACES, type Place, type Row } from "./prepared.ts";
import { ROWS } from "./rows.ts";

/** The folder that alice and the limited token may use. Neither its siblings nor `team/own-canary-prefix` are in it. */
const GRANTED = "team/own";

interface Asker {
  headers: string;
  /** `gone`: its credential is refused everywhere. */
  kind: "nobody" | "some" | "all" | "gone";
}

let server: AccessServer;
const askers: Record<string, Asker> = {};

beforeAll(async () => {
  server = await startAccessServer(
    (database) => {
      const bearer = (token: string): string => `Authorization: Bearer ${token}\r\n`;
      database.account("olga", {}, { owner: true });
      database.account("alice", { [GRANTED]: "all" });
      database.account("gone", { "": "all" });
      askers.anyone = { headers: "", kind: "nobody" };
      askers.account = { headers: bearer(database.token("alice")), kind: "some" };
      askers.token = {
        headers: bearer(database.token("olga", { words: "all", path: GRANTED })),
        kind: "some",
      };
      askers.disabled = { headers: bearer(database.token("gone")), kind: "gone" };
      askers.owner = { headers: bearer(database.token("olga")), kind: "all" };
      database.change("setDisabled", { name: "gone", disabled: true });
    },
    { trash: 3600 },
  );
  for (const [place, folder] of Object.entries(PLACES))
    for (const name of ["asked.txt", `canary-${place}.txt`]) await write(`${folder}/${name}`, place);
});
afterAll(() => server.stop());

async function write(path: string, place: string): Promise<void> {
  await mkdir(dirname(join(server.root, path)), { recursive: true });
  await Bun.write(join(server.root, path), `bytes-of-${place}`);
}

/** The model: two rules, written without a line of the server. */
function may(asker: Asker, path: string): boolean {
  return asker.kind === "all" || (asker.kind === "some" && `${path}/`.startsWith(`${GRANTED}/`));
}
function leads(asker: Asker, path: string): boolean {
  return may(asker, path) || (asker.kind === "some" && (path === "" || `${GRANTED}/`.startsWith(`${path}/`)));
}

/** The statuses that a row allows an asker: the one of a refusal, or any that is none. */
function isExpected(row: Row, asker: Asker, asked: Asked, status: number): boolean {
  if (row.by === "public") return status !== 401 && status < 500;
  if (asker.kind === "gone") return status === 401;
  if (row.by === "account" || row.by === "owner") {
    if (asker.kind === "nobody") return status === 401;
    // The limited token is one of an owner: it must not become more than it is.
    if (row.by === "owner" && asker.kind !== "all") return status === 403;
    return status !== 401 && status < 500;
  }
  if (row.by === "anyone") return status < 400;
  if (row.by === "link" && asker === askers.account) return status === 404;
  const missing = (asked.needs ?? []).filter((path) => !may(asker, path));
  const hidden = (asked.lists ?? []).filter((path) => !leads(asker, path));
  const [refused] = [...missing, ...hidden];
  if (refused === undefined) return (row.done ?? [200, 201, 202, 204]).includes(status);
  if (asker.kind === "nobody") return status === 401;
  // Of several paths, each may be the one that is named; none that the asker may not list is told from a missing one.
  return [...missing, ...hidden].some((path) => status === (leads(asker, path) ? 403 : 404));
}

/** Names and bytes that the asker may not know, unless the request has named them. */
function secretsFrom(asker: Asker, request: string): string[] {
  return Object.entries(PLACES)
    .filter(([, folder]) => !may(asker, folder))
    .flatMap(([place]) => [`canary-${place}`, `bytes-of-${place}`, `canary-upload-${place}`])
    .filter((secret) => !request.includes(secret));
}

async function send(asker: Asker, method: string, { url, headers = "", body = "" }: Asked, streams: boolean) {
  const text = `${method} ${url} HTTP/1.1\r\nHost: localhost\r\n${asker.headers}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  using client: RawConnection = await connect(server.url);
  await client.send(text);
  if (streams) {
    await until("the head", () => client.unread.includes("\r\n\r\n"));
    const head = client.unread.toString();
    if (head.startsWith("HTTP/1.1 200")) {
      await until("the first event", () => client.unread.toString().includes("\ndata:"));
      return { status: 200, text: client.unread.toString(), request: text };
    }
  }
  const answer = await client.answer({ head: method === "HEAD" });
  const told = `${answer.status} ${JSON.stringify([...answer.headers])} ${answer.body.toString("latin1")}`;
  return { status: answer.status, text: told, request: text };
}

test("every route has a row here", () => {
  const missing = server.app.routes
    .filter(
      (route) => !(allowOf(route) === "public" && /\.\w+$/.test(route.path)) && allowOf(route) !== "link",
    )
    .map(({ method, path }) => `${method === "ALL" ? "GET" : method} ${path}`)
    .filter((route) => !(route in ROWS));
  expect(missing).toEqual([]);
});

describe.each(Object.keys(ROWS))("%s", (route) => {
  const row = ROWS[route];
  const [method = ""] = route.split(" ");
  const places = row?.ask ? Object.keys(PLACES).filter((place): place is Place => place in PLACES) : [];

  test.each(["anyone", "account", "token", "disabled", "owner"])("by %s", async (name) => {
    const asker = askers[name];
    if (!row?.ask || !asker) throw new Error("No row.");
    for (const place of places) {
      const folder = PLACES[place];
      const prepared = (await row.prepare?.(server, folder, place, askers.owner?.headers ?? "")) ?? "";
      for (const path of row.files?.(folder) ?? []) await write(path, place);
      const asked = row.ask(folder, prepared);
      for (const verb of method === "GET" ? ["GET", "HEAD"] : [method]) {
        const { status, text, request } = await send(
          asker,
          verb,
          asked,
          verb === "GET" && row.streams === true,
        );
        const where = `${verb} ${asked.url} by ${name}: ${status}`;
        expect([where, isExpected(row, asker, asked, status)]).toEqual([where, true]);
        for (const secret of secretsFrom(asker, request))
          expect([where, text.includes(secret) && secret]).toEqual([where, false]);
      }
      await row.clean?.(server, prepared);
    }
  });
});

test("a token that is limited does not make another one that is not", async () => {
  const limited = askers.token;
  if (!limited) throw new Error("No token.");
  const asked = {
    url: "/api/tokens",
    headers: "Content-Type: application/json\r\n",
    body: '{"name":"more"}',
  };
  const { status, text } = await send(limited, "POST", asked, false);
  if (status >= 400) return;
  const made: { token: string } = JSON.parse(text.slice(text.indexOf("{")));
  const got = await server.fetch("/files/team/canary-sibling/asked.txt", {
    headers: bearer(made.token),
  });
  expect(got.status).toBe(404);
});

describe.each(["folder", "drop"])("a link of the kind %s", (kind) => {
  const places = Object.values(PLACES).filter((folder) => folder !== GRANTED);

  test("leads to nothing outside its folder, by no route (CVE-2026-44542, CVE-2026-48777, CVE-2025-58753)", async () => {
    const alice = askers.account;
    if (!alice) throw new Error("No account.");
    // The rows above have copied bytes of other places into the granted folder.
    const shared = `${GRANTED}/linked-${kind}`;
    await write(`${shared}/asked.txt`, "own");
    await symlink("../../canary-sibling", join(server.root, shared, `to-${kind}`));
    const asked = { url: "/api/links", headers: "Content-Type: application/json\r\n" };
    const made = await send(alice, "POST", { ...asked, body: JSON.stringify({ path: shared, kind }) }, false);
    const url = /\/s\/[\w-]+/.exec(made.text)?.[0] ?? "";
    expect(made.status).toBe(201);
    const visitor: Asker = { headers: "", kind: "nobody" };
    const ways = places.flatMap((folder) => {
      const up = `../../${folder.slice("team/".length)}`;
      const file = `${up}/asked.txt`;
      const encoded = file.replaceAll("../", "%2e%2e%2f");
      return [file, encoded, `/${folder}/asked.txt`, `..%5c${folder}`, `to-${kind}/asked.txt`].flatMap(
        (path) => [
          ["GET", `${url}/files/${path}`],
          ["GET", `${url}/entries?folder=${path.replace("/asked.txt", "")}`],
          ["GET", `${url}/archive?format=tar&folder=${path.replace("/asked.txt", "")}`],
          ["PUT", `${url}/files/${path.replace("asked", "made")}`],
          ["POST", `${url}/uploads?path=${path.replace("asked", "made")}`],
        ],
      );
    });
    const whole = ["", "/info", "/entries?hidden=true", "/archive?format=tar"].map((path) => [
      "GET",
      url + path,
    ]);
    for (const [method = "", path = ""] of [...whole, ...ways]) {
      const { status, text } = await send(
        visitor,
        method,
        { url: path, headers: "Tus-Resumable: 1.0.0\r\n" },
        false,
      );
      const where = `${method} ${path}: ${status}`;
      for (const place of ["sibling", "prefix", "parent"])
        expect([where, text.includes(`bytes-of-${place}`)]).toEqual([where, false]);
      expect([where, text.includes("canary-parent") || text.includes("canary-sibling.txt")]).toEqual([
        where,
        false,
      ]);
    }
    for (const folder of places)
      expect(await Bun.file(join(server.root, folder, "made.txt")).exists()).toBe(false);
  });
});
