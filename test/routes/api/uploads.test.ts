// GET /api/uploads/{id}: clients without the grant to read can follow their own uploads.

import { expect, test } from "bun:test";
import type { Grant } from "../../../src/config/config.ts";
import { Uploads } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, until } from "../../support/server.ts";

test("with the grant write alone only an upload whose id is known can be seen", async () => {
  await using server = await startServer({ allow: new Set<Grant>(["write"]) });
  const look = async (id: string) =>
    (await bodyIn(Uploads, await server.fetch(`/api/uploads/${id}`))).uploads;
  expect(await look("my-own-upload")).toEqual([]);
  using mine = await connect(server.url);
  using others = await connect(server.url);
  const head = "HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nX-Request-Id:";
  await mine.send(`PUT /files/mine ${head} my-own-upload\r\n\r\nhello`);
  await others.send(`PUT /files/others ${head} other-upload\r\n\r\nhello`);
  await until("both arrive", () => server.app.decorator.services.uploader.activeUploads.size === 2);
  expect(await look("my-own-upload")).toMatchObject([{ id: "my-own-upload", path: "mine", size: 10 }]);
  expect(await look("my-own-uploa")).toEqual([]);
  // The received bytes of a small slow upload are saved before the upload ends.
  await until("it is saved", async () => (await look("my-own-upload"))[0]?.saved === 5);
  await problemIn(await server.fetch("/api/uploads"), "not_allowed");
  await mine.send("world");
  await mine.answer();
  expect(await look("my-own-upload")).toEqual([]);
});

test("an invalid id is refused", async () => {
  await using server = await startServer();
  for (const id of ["short", "a%2Fb%2Fc%2Fd%2Fe", "x".repeat(65)])
    await problemIn(await server.fetch(`/api/uploads/${id}`), "invalid_request");
});
