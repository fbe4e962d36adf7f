// A minimal tus client for one test server; each function sends one request.

import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestServer } from "./server.ts";

export const TUS = { "tus-resumable": "1.0.0" };
export const OFFSET_TYPE = { "content-type": "application/offset+octet-stream" };

export const base64 = (text: string): string => Buffer.from(text).toString("base64");
/** Upload-Metadata with a file name. */
export const named = (name: string) => ({ "upload-metadata": `filename ${base64(name)}` });

export type TusClient = ReturnType<typeof tusClient>;

export function tusClient(server: Pick<TestServer, "fetch" | "root">) {
  const post = (headers: Record<string, string>, body: string | null = null, query = "") =>
    server.fetch(`/uploads${query}`, { method: "POST", headers: { ...TUS, ...headers }, body });
  const head = (url: string) => server.fetch(url, { method: "HEAD", headers: TUS });
  return {
    post,
    head,
    /** @returns the URL of a new upload */
    async create(headers: Record<string, string>): Promise<string> {
      const answer = await post(headers);
      expect(answer.status).toBe(201);
      return answer.headers.get("location") ?? "";
    },
    patch: (
      url: string,
      offset: number,
      body: string | ReadableStream<Uint8Array>,
      headers: Record<string, string> = {},
    ) =>
      server.fetch(url, {
        method: "PATCH",
        headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": `${offset}`, ...headers },
        body,
      }),
    offsetOf: async (url: string) => (await head(url)).headers.get("upload-offset"),
    cancel: (url: string) => server.fetch(url, { method: "DELETE", headers: TUS }),
    /** Reads a file in the root as text. */
    text: (path: string) => Bun.file(join(server.root, path)).text(),
    exists: (path: string) => Bun.file(join(server.root, path)).exists(),
    /** The names of partial files on the disk, of one upload or of all. */
    async kept(url = ""): Promise<string[]> {
      const names = await readdir(join(server.root, ".sluice/kept"));
      return url === "" ? names : names.filter((name) => url.endsWith(`/${name.split(".", 1)[0]}`));
    },
  };
}
