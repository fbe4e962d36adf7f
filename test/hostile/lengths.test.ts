// Names and paths of every length, and names in different Unicode forms.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { patient } from "../support/patience.ts";
import { ask } from "./requests.ts";
import { targetOfAll } from "./target.ts";

setDefaultTimeout(patient(20_000));

const server = await targetOfAll();

describe("lengths", () => {
  const wide = "\u3042";

  test.each([
    ["255 bytes", "a".repeat(255), 201],
    ["256 bytes", "a".repeat(256), 400],
    ["300 bytes", "a".repeat(300), 400],
    ["255 bytes in 85 letters", wide.repeat(85), 201],
    ["256 bytes in 86 letters", `${wide.repeat(85)}a`, 400],
    ["64 segments", Array(64).fill("a").join("/"), 201],
    ["65 segments", Array(65).fill("a").join("/"), 400],
    ["3,000 bytes", Array(60).fill("a".repeat(49)).join("/"), 201],
    // Longer than PATH_MAX with the root's own path: such a file could not be opened again.
    ["4,096 bytes", `${Array(64).fill("a".repeat(63)).join("/")}a`, 400],
    ["4,097 bytes", `${Array(64).fill("a".repeat(63)).join("/")}aa`, 400],
  ])("a path of %s", async (_, path, status) => {
    const target = `/files/${path.split("/").map(encodeURIComponent).join("/")}`;
    expect((await ask(server, "PUT", target, "hello")).status).toBe(status);
    expect((await ask(server, "GET", target)).status).toBe(
      status === 201 ? 200 : path.length === 4096 ? 404 : 400,
    );
    if (status === 201) expect((await ask(server, "DELETE", target)).status).toBe(204);
  });

  test("a name of maximum length can be numbered", async () => {
    const target = `/files/?name=${"a".repeat(251)}.txt`;
    for (let copy = 0; copy < 3; copy += 1)
      expect((await ask(server, "POST", target, `${copy}`)).status).toBe(201);
    const names = (await server.files()).filter((name) => name.startsWith("aaa"));
    expect(names.map((name) => Buffer.byteLength(name))).toEqual([255, 255, 255]);
  });
});

describe("two Unicode forms of a letter", () => {
  const composed = "caf\u00e9";
  const decomposed = "cafe\u0301";

  test("are the same name", async () => {
    expect((await ask(server, "PUT", `/files/${encodeURIComponent(composed)}`, "1")).status).toBe(201);
    expect((await ask(server, "PUT", `/files/${encodeURIComponent(decomposed)}`, "22")).status).toBe(200);
    expect(await server.files()).toEqual([composed]);
    expect((await ask(server, "GET", `/files/${encodeURIComponent(decomposed)}`)).text).toBe("22");
    expect((await ask(server, "DELETE", `/files/${encodeURIComponent(decomposed)}`)).status).toBe(204);
    expect(await server.files()).toEqual([]);
  });

  test("are two files if another program created both: all requests reach the same one", async () => {
    await writeFile(server.in(composed), "composed");
    await writeFile(server.in(decomposed), "decomposed");
    const target = `/files/${encodeURIComponent(decomposed)}`;
    expect((await ask(server, "GET", target)).text).toBe("composed");
    expect((await ask(server, "PUT", target, "new")).status).toBe(200);
    expect((await ask(server, "GET", target)).text).toBe("new");
    expect((await ask(server, "DELETE", target)).status).toBe(204);
    expect(await Bun.file(server.in(decomposed)).text()).toBe("decomposed");
  });

  test("names that differ only in case are two files", async () => {
    for (const name of ["Twin", "twin", "TWIN"])
      expect((await ask(server, "PUT", `/files/${name}`, name)).status).toBe(201);
    for (const name of ["Twin", "twin", "TWIN"])
      expect((await ask(server, "GET", `/files/${name}`)).text).toBe(name);
  });
});
