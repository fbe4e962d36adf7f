// Many clients that use the same name at the same time.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Listing, SavedFile } from "../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../support/answer.ts";
import { patient } from "../support/patience.ts";
import { FORM, FORM_END, filePart } from "./requests.ts";
import { targetOfAll } from "./target.ts";

setDefaultTimeout(patient(30_000));

const server = await targetOfAll();

const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

const put = (target: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  server.fetch(`/files/${target}`, { method: "PUT", body, headers });

/** Unique content for each index, in which every part reveals the index, so that mixed files are detected. */
const contentOf = (index: number, length = 50_000): string => `[${index}]`.padEnd(8, ".").repeat(length / 8);

const isWhole = (text: string): boolean => {
  const index = Number(/^\[(\d+)\]/.exec(text)?.[1]);
  return text === contentOf(index, text.length);
};

describe("200 uploads of one name with conflict=rename", () => {
  test("create 200 files, each with its own content", async () => {
    const answers = await times(200, (index) => put("a.tar.gz?conflict=rename", contentOf(index)));
    const paths = new Set<string>();
    for (const [index, answer] of answers.entries()) {
      expect(answer.status).toBe(201);
      const { path, renamedFrom } = await bodyIn(SavedFile, answer);
      expect(renamedFrom).toBe(path === "a.tar.gz" ? undefined : "a.tar.gz");
      expect(await Bun.file(server.in(path)).text()).toBe(contentOf(index));
      paths.add(path);
    }
    expect(paths.size).toBe(200);
    expect((await server.files()).length).toBe(200);
    // The numbers have no gaps.
    for (let number = 1; number < 200; number += 1) expect(paths).toContain(`a (${number}).tar.gz`);
  });

  test("create as many files by PUT, POST and forms, in a folder that does not exist yet", async () => {
    const headers = { "content-type": FORM.slice("Content-Type: ".length) };
    const answers = await times(100, (index) => {
      const body = contentOf(index, 800);
      if (index % 3 === 0) return put("new/folder/a.txt?conflict=rename", body);
      if (index % 3 === 1) return server.fetch("/files/new/?name=folder/a.txt", { method: "POST", body });
      const form = filePart("folder/a.txt", body) + filePart("folder/a.txt", body) + FORM_END;
      return server.fetch("/files/new/", { method: "POST", body: form, headers });
    });
    for (const answer of answers) expect(answer.status).toBe(201);
    const files = (await server.files()).filter((name) => name.endsWith(".txt"));
    expect(files.length).toBe(100 + 33);
    for (const name of files) expect(isWhole(await Bun.file(server.in(name)).text())).toBe(true);
  });
});

describe("a file that many clients replace", () => {
  test("finally has one of the contents, complete", async () => {
    await put("a", contentOf(0));
    const answers = await times(50, (index) => put("a", contentOf(index + 1, 2_000_000)));
    for (const answer of answers) expect(answer.status).toBe(200);
    expect(await server.files()).toEqual(["a"]);
    const text = await Bun.file(server.in("a")).text();
    expect(text.length).toBe(2_000_000);
    expect(isWhole(text)).toBe(true);
    const etags = await Promise.all(answers.map((answer) => bodyIn(SavedFile, answer)));
    const { headers } = await server.fetch("/files/a", { method: "HEAD" });
    expect(etags.map(({ etag }) => etag)).toContain(headers.get("etag") ?? "");
  });

  test("always exists and is complete for concurrent readers", async () => {
    await put("a", contentOf(0));
    let writing = true;
    const lengths = [8, 800, 50_000, 2_000_000];
    const writers = times(4, async (writer) => {
      for (let round = 0; round < 40; round += 1) {
        const { status } = await put("a", contentOf(round, lengths[(round + writer) % 4]));
        expect(status).toBe(200);
      }
    }).finally(() => {
      writing = false;
    });
    let read = 0;
    await times(4, async () => {
      while (writing) {
        const answer = await server.fetch("/files/a");
        expect(answer.status).toBe(200);
        const text = await answer.text();
        expect(isWhole(text)).toBe(true);
        // The tag must belong to these bytes: its first part is their length.
        expect(Number.parseInt(answer.headers.get("etag")?.slice(1) ?? "", 36)).toBe(text.length);
        read += 1;
        const { entries } = await bodyIn(Listing, await server.fetch("/api/entries"));
        expect(entries).toHaveLength(1);
      }
    });
    await writers;
    expect(read).toBeGreaterThan(10);
  });

  test("is missing or complete for readers while it is removed and created again", async () => {
    let running = true;
    const changes = (async () => {
      for (let round = 0; round < 100; round += 1) {
        expect((await put("a", contentOf(round))).status).toBe(201);
        expect((await server.fetch("/files/a", { method: "DELETE" })).status).toBe(204);
      }
    })().finally(() => {
      running = false;
    });
    const statuses = new Set<number>();
    await times(4, async () => {
      while (running) {
        const answer = await server.fetch("/files/a");
        const text = await answer.text();
        statuses.add(answer.status);
        if (answer.status === 200) expect(isWhole(text)).toBe(true);
      }
    });
    await changes;
    expect([...statuses].filter((status) => status !== 200 && status !== 404)).toEqual([]);
  });
});

describe("of many conditional requests, one succeeds", () => {
  test("If-None-Match: * lets exactly one create the file", async () => {
    for (let round = 0; round < 5; round += 1) {
      const answers = await times(20, (index) => put(`${round}`, contentOf(index), { "if-none-match": "*" }));
      const winner = answers.findIndex(({ status }) => status === 201);
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(412)]);
      expect(await Bun.file(server.in(`${round}`)).text()).toBe(contentOf(winner));
    }
  });

  test("If-Match lets exactly one replace the file", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { etag } = await bodyIn(SavedFile, await put(`${round}`, "seen by all"));
      const answers = await times(20, (index) => put(`${round}`, contentOf(index), { "if-match": etag }));
      const winner = answers.findIndex(({ status }) => status === 200);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(412)]);
      expect(await Bun.file(server.in(`${round}`)).text()).toBe(contentOf(winner));
    }
  });

  test("If-Match never succeeds with an outdated tag, despite unconditional uploads", async () => {
    const { etag } = await bodyIn(SavedFile, await put("a", "seen"));
    const careful = times(10, (index) => put("a", contentOf(index), { "if-match": etag }));
    const careless = times(10, (index) => put("a", contentOf(100 + index)));
    const won = (await careful).filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(1);
    for (const { status } of await careless) expect(status).toBe(200);
  });

  test("If-Match on DELETE lets exactly one remove it", async () => {
    const { etag } = await bodyIn(SavedFile, await put("a", "seen"));
    const answers = await times(20, () =>
      server.fetch("/files/a", { method: "DELETE", headers: { "if-match": etag } }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array(19).fill(412)]);
  });

  test("conflict=fail lets exactly one create the file", async () => {
    const answers = await times(50, (index) => put("a?conflict=fail", contentOf(index)));
    const winner = answers.findIndex(({ status }) => status === 201);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(49).fill(409)]);
    expect(await Bun.file(server.in("a")).text()).toBe(contentOf(winner));
  });

  test("a file and a folder with the same name: one of them is created, and all requests are answered", async () => {
    for (let round = 0; round < 10; round += 1) {
      const answers = await times(20, (index) =>
        put(index % 2 ? `${round}` : `${round}/below-${index}`, contentOf(index)),
      );
      const statuses = new Set(answers.map(({ status }) => status));
      expect([...statuses].filter((status) => ![200, 201, 409].includes(status))).toEqual([]);
    }
    for (const name of await server.files()) {
      const file = Bun.file(server.in(name));
      if (file.size > 0 && (await file.exists())) expect(isWhole(await file.text())).toBe(true);
    }
  });
});
