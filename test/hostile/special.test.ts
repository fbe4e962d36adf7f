// Pipes, sockets and devices in the root.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import { until } from "../support/server.ts";
import { skipped } from "../support/switches.ts";
import { makePipe, planted } from "./planted.ts";

setDefaultTimeout(patient(20_000));

const site = planted();

describe("a pipe, socket or device", () => {
  test("is never opened, listed, replaced or removed", async () => {
    await makePipe(site.server.in("pipe"));
    const socket = createServer().listen(site.server.in("socket"));
    await until("the socket is there", () =>
      Bun.file(site.server.in("socket"))
        .exists()
        .then(() => readdir(site.server.root))
        .then((names) => names.includes("socket")),
    );
    const special = ["pipe", "socket"];
    if (
      (await Bun.spawn(["mknod", site.server.in("null"), "c", "1", "3"], { stderr: "ignore" }).exited) === 0
    )
      special.push("null");
    else skipped("devices in the root", "mknod is not permitted", "run it as root");
    await symlink("pipe", site.server.in("to-pipe"));
    const before = await site.kinds();
    const started = performance.now();
    for (const name of [...special, "to-pipe"]) {
      await problemIn(await site.ask("GET", `/files/${name}`), "not_found");
      expect((await site.ask("HEAD", `/files/${name}`)).status).toBe(404);
      expect([404, 409]).toContain((await site.ask("DELETE", `/files/${name}`)).status);
      expect((await site.ask("PUT", `/files/${name}`, "evil")).status).toBe(409);
      expect((await site.ask("PUT", `/files/${name}?conflict=fail`, "evil")).status).toBe(409);
    }
    expect(performance.now() - started).toBeLessThan(5000);
    const listing = JSON.parse((await site.ask("GET", "/api/entries?hidden=true")).text);
    for (const { name } of listing.entries) expect([...special, "to-pipe"]).not.toContain(name);
    await site.expectSame(before);
    socket.close();
  });

  test("keeps its name, so that an upload with conflict=rename gets the next number", async () => {
    await makePipe(site.server.in("pipe"));
    const answer = await site.ask("PUT", "/files/pipe?conflict=rename", "hello");
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toMatchObject({ path: "pipe (1)", renamedFrom: "pipe" });
    await site.server.expectUnharmed();
  });
});
