// A body that is one file: saved whole, or not at all.

import { expect, test } from "bun:test";
import { save } from "../../../src/core/upload/single-file.ts";
import { bodyOf, engineWith, intentFor, pathsIn, textOf } from "../../support/engine.ts";

const nothing = (): void => {};

test("all chunks in order, and a word when only this server is still at work", async () => {
  const engine = engineWith();
  const events: string[] = [];
  const body = bodyOf(["hello ", "wor", "ld"]);
  await save(engine, body, intentFor("a"), () => events.push(`saving after ${body.received}`));
  expect(await textOf(engine.storage, "a")).toBe("hello world");
  expect(events).toEqual(["saving after 11"]);
});

test("no body is an empty file", async () => {
  const engine = engineWith();
  const { file } = await save(engine, bodyOf([]), intentFor("a"), nothing);
  expect(file).toMatchObject({ size: 0, flow: { bytes: 0 } });
  expect(await textOf(engine.storage, "a")).toBe("");
});

test("a body that breaks off leaves nothing, and is never said to be saving", async () => {
  const engine = engineWith();
  const broken = bodyOf(["hello", () => Promise.reject(new Error("gone"))]);
  let saving = false;
  const saved = save(engine, broken, intentFor("a"), () => {
    saving = true;
  });
  await expect(saved).rejects.toMatchObject({ code: "body_incomplete" });
  expect(saving).toBe(false);
  expect(pathsIn(engine.storage)).toEqual([]);
  expect(engine.running.size).toBe(0);
});

test("a body over the limit is not read on", async () => {
  const engine = engineWith({ maxFileSize: 1000 });
  const body = bodyOf([600, 600, 600, 600]);
  await expect(save(engine, body, intentFor("a"), nothing)).rejects.toMatchObject({ code: "file_too_large" });
  expect(body.received).toBe(1200);
  expect(engine.running.size).toBe(0);
});

test("a refusal reads nothing of the body", async () => {
  const engine = engineWith({ maxFileSize: 10 });
  const body = bodyOf(["hello"]);
  await expect(save(engine, body, intentFor("a", { size: 11 }), nothing)).rejects.toMatchObject({
    code: "file_too_large",
  });
  expect(body.received).toBe(0);
});

test("the sender waits for the disk: no more than one chunk is ahead of it", async () => {
  let writing = 0;
  let most = 0;
  const delay = () => {
    writing += 1;
    most = Math.max(most, writing);
    return Bun.sleep(1).then(() => {
      writing -= 1;
    });
  };
  const engine = engineWith({}, { delay });
  await save(engine, bodyOf(Array.from({ length: 20 }, () => 10)), intentFor("a"), nothing);
  expect(most).toBe(1);
});
