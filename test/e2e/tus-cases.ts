// tus 1.0.0 conversations with any server; each case sends requests and records the responses.

import { base64 } from "../support/tus-client.ts";

/** The compared properties of a response. Of values that always differ, only the presence is compared. */
const COMPARED = [
  "tus-resumable",
  "tus-version",
  "tus-extension",
  "tus-checksum-algorithm",
  "tus-max-size",
  "upload-offset",
  "upload-length",
  "upload-defer-length",
  "upload-metadata",
  "upload-concat",
  "upload-expires",
  "location",
];
const OWN = new Set(["upload-expires", "location"]);

/** The compared values of one response by name: the status and existing headers. */
export type Answer = { request: string } & Record<string, string>;

/** Null removes a default header. */
type Headers = Record<string, string | null>;

/** A conversation with one server. */
export class Conversation {
  readonly answers: Answer[] = [];

  /** @param endpoint the URL that creates uploads */
  constructor(readonly endpoint: string) {}

  async send(
    method: string,
    url: string,
    headers: Headers = {},
    body?: string | string[],
  ): Promise<Response> {
    const all = Object.entries({ "tus-resumable": "1.0.0", ...headers });
    const answer = await fetch(url, {
      method,
      headers: all.flatMap(([name, value]): [string, string][] => (value === null ? [] : [[name, value]])),
      // A list is sent chunked, without Content-Length. Bytes add no Content-Type.
      body:
        typeof body === "object" ? new Blob(body).stream() : body === undefined ? null : Buffer.from(body),
    });
    await answer.arrayBuffer();
    const told: Answer = { request: method, status: `${answer.status}` };
    for (const name of COMPARED) {
      const value = answer.headers.get(name);
      if (value !== null) told[name] = OWN.has(name) ? "there" : value;
    }
    // Required only for PATCH.
    if (method === "HEAD" && answer.ok) told["cache-control"] = answer.headers.get("cache-control") ?? "";
    this.answers.push(told);
    return answer;
  }

  /** @returns the URL of the new upload, or if it was refused, a URL that does not exist */
  async post(headers: Headers, body?: string): Promise<string> {
    const answer = await this.send("POST", this.endpoint, headers, body);
    return new URL(answer.headers.get("location") ?? `${this.endpoint}/none`, this.endpoint).href;
  }

  patch(url: string, offset: number | string, body?: string | string[], headers: Headers = {}) {
    return this.send("PATCH", url, { ...OFFSET_TYPE, "upload-offset": `${offset}`, ...headers }, body);
  }

  head(url: string, headers: Headers = {}) {
    return this.send("HEAD", url, headers);
  }
}

const OFFSET_TYPE = { "content-type": "application/offset+octet-stream" };
const TEN = { "upload-length": "10" };
const LATER = { "upload-defer-length": "1" };
const instead = (method: string) => ({ "x-http-method-override": method });
const sha1 = (text: string) => `sha1 ${new Bun.CryptoHasher("sha1").update(text).digest("base64")}`;

/** Cases with one request that creates an upload. */
const CREATIONS: [name: string, headers: Headers, body?: string][] = [
  ["make", TEN],
  ["make without a version", { ...TEN, "tus-resumable": null }],
  ["make in an unknown version", { ...TEN, "tus-resumable": "0.2.2" }],
  ["make without a length", {}],
  ["make with a length, and later", { ...TEN, ...LATER }],
  ["make later in another way", { "upload-defer-length": "2" }],
  ["make with a negative length", { "upload-length": "-1" }],
  ["make with a length in another notation", { "upload-length": "1e1" }],
  ["make with a fraction of a length", { "upload-length": "1.5" }],
  ["make with a length that is no number", { "upload-length": "ten" }],
  ["make with an empty length", { "upload-length": "" }],
  ["make of the largest size", { "upload-length": "1000" }],
  ["make of more", { "upload-length": "1001" }],
  ["make of more than numbers can say", { "upload-length": "99999999999999999999" }],
  ["make with a key twice", { ...TEN, "upload-metadata": "a YQ==,a Yg==" }],
  ["make with a value that is no base64", { ...TEN, "upload-metadata": "a !" }],
  ["make with an empty key", { ...TEN, "upload-metadata": " YQ==" }],
  ["make with a comma at the end", { ...TEN, "upload-metadata": "a YQ==," }],
  ["make with a space after a comma", { ...TEN, "upload-metadata": "a YQ==, b Yg==" }],
  ["make with bytes of another type", { ...TEN, "content-type": "text/plain" }, "hello"],
  ["make with too many bytes", { ...TEN, ...OFFSET_TYPE }, "hello world"],
  ["make a part", { ...TEN, "upload-concat": "partial" }],
  ["make of parts that are not there", { "upload-concat": "final;/none/1 /none/2" }],
  ["make as something else", { ...TEN, "upload-concat": "whole" }],
];

/** Cases with one request that appends bytes to a new upload of ten bytes. */
const ADDITIONS: [name: string, headers: Headers, body?: string | string[]][] = [
  ["add without a version", { "tus-resumable": null }, "hello"],
  ["add in an unknown version", { "tus-resumable": "2.0.0" }, "hello"],
  ["add without a type", { "content-type": null }, "hello"],
  ["add as another type", { "content-type": "application/octet-stream" }, "hello"],
  ["add as the type with a parameter", { "content-type": "application/offset+octet-stream; a=b" }, "hello"],
  ["add without an offset", { "upload-offset": null }, "hello"],
  ["add at a negative offset", { "upload-offset": "-1" }, "hello"],
  ["add at an offset that is no number", { "upload-offset": "zero" }, "hello"],
  ["add behind the end", { "upload-offset": "5" }, "hello"],
  ["add nothing", {}],
  ["add too much", {}, "hello world"],
  ["add too much without a length", {}, ["hello ", "world"]],
  ["add with another length", { "upload-length": "11" }, "hello"],
  ["add with the checksum", { "upload-checksum": sha1("hello") }, "hello"],
  ["add with a wrong checksum", { "upload-checksum": sha1("other") }, "hello"],
  ["add with an unknown checksum", { "upload-checksum": "sha0 YQ==" }, "hello"],
  ["add with a checksum that is no base64", { "upload-checksum": "sha1 !" }, "hello"],
];

/** All conversations by name. */
type Case = [name: string, talk: (at: Conversation) => Promise<unknown>];

export const CASES: readonly Case[] = [
  ...CREATIONS.map(
    ([name, headers, body]): Case => [name, async (at) => at.head(await at.post(headers, body))],
  ),
  ...ADDITIONS.map(
    ([name, headers, body]): Case => [
      name,
      async (at) => {
        const url = await at.post(TEN);
        await at.patch(url, 0, body, headers);
        await at.head(url);
      },
    ],
  ),
  ["ask what it can do", (at) => at.send("OPTIONS", at.endpoint, { "tus-resumable": null })],
  ["ask in an unknown version", (at) => at.send("OPTIONS", at.endpoint, { "tus-resumable": "0.2.2" })],
  ["ask what an upload can do", async (at) => at.send("OPTIONS", await at.post(TEN))],
  ["ask for what is not there", (at) => at.head(`${at.endpoint}/none`)],
  ["ask without a version", async (at) => at.head(await at.post(TEN), { "tus-resumable": null })],
  ["ask in another version", async (at) => at.head(await at.post(TEN), { "tus-resumable": "0.2.2" })],
  ["add to what is not there", (at) => at.patch(`${at.endpoint}/none`, 0, "hello")],
  ["cancel what is not there", (at) => at.send("DELETE", `${at.endpoint}/none`)],
  ["replace an upload", async (at) => at.send("PUT", await at.post(TEN), {}, "hello")],
  [
    "metadata",
    async (at) => {
      const metadata = `filename ${base64("ñ.txt")},empty,number ${base64("1")}`;
      await at.head(await at.post({ ...TEN, "upload-metadata": metadata }));
    },
  ],
  [
    "an empty file",
    async (at) => {
      const url = await at.post({ "upload-length": "0" });
      await at.head(url);
      await at.patch(url, 0);
    },
  ],
  [
    "a file in two requests",
    async (at) => {
      const url = await at.post(TEN);
      await at.patch(url, 0, "hello");
      await at.head(url);
      await at.patch(url, 0, "hello");
      await at.patch(url, 5, ["wo", "rld"]);
      await at.head(url);
      await at.patch(url, 10);
      await at.patch(url, 10, "more");
      await at.head(url);
    },
  ],
  [
    "a file with the request that makes it",
    async (at) => {
      await at.head(await at.post({ ...TEN, ...OFFSET_TYPE }, "helloworld"));
    },
  ],
  [
    "half a file with the request that makes it",
    async (at) => {
      const url = await at.post({ ...TEN, ...OFFSET_TYPE }, "hello");
      await at.head(url);
      await at.patch(url, 5, "world");
    },
  ],
  [
    "a length that comes with the last bytes",
    async (at) => {
      const url = await at.post(LATER);
      await at.patch(url, 0, "hello");
      await at.head(url);
      await at.patch(url, 5, "world", TEN);
      await at.head(url);
    },
  ],
  [
    "a length that comes after the last bytes",
    async (at) => {
      const url = await at.post({ ...LATER, ...OFFSET_TYPE }, "helloworld");
      await at.head(url);
      await at.patch(url, 10, undefined, TEN);
      await at.head(url);
    },
  ],
  [
    "a length that is changed",
    async (at) => {
      const url = await at.post(LATER);
      await at.patch(url, 0, "hello", TEN);
      await at.patch(url, 5, "world!", { "upload-length": "11" });
      await at.head(url);
    },
  ],
  [
    "a length that is shorter than what is there",
    async (at) => {
      const url = await at.post(LATER);
      await at.patch(url, 0, "hello");
      await at.patch(url, 5, undefined, { "upload-length": "3" });
      await at.head(url);
    },
  ],
  [
    "a length that is too large",
    async (at) => {
      const url = await at.post(LATER);
      await at.patch(url, 0, "hello", { "upload-length": "1001" });
      await at.head(url);
    },
  ],
  [
    "PATCH as POST",
    async (at) => {
      const headers = { ...instead("PATCH"), ...OFFSET_TYPE, "upload-offset": "0" };
      await at.send("POST", await at.post(TEN), headers, "hello");
    },
  ],
  ["HEAD as POST", async (at) => at.send("POST", await at.post(TEN), instead("HEAD"))],
  ["DELETE as POST", async (at) => at.send("POST", await at.post(TEN), instead("DELETE"))],
  [
    "cancelled",
    async (at) => {
      const url = await at.post(TEN);
      await at.patch(url, 0, "hello");
      await at.send("DELETE", url);
      await at.head(url);
      await at.patch(url, 5, "world");
      await at.send("DELETE", url);
    },
  ],
  [
    "cancelled when it is complete",
    async (at) => {
      const url = await at.post({ ...TEN, ...OFFSET_TYPE }, "helloworld");
      await at.send("DELETE", url);
      await at.head(url);
    },
  ],
  [
    "cancelled without a version",
    async (at) => {
      const url = await at.post(TEN);
      await at.send("DELETE", url, { "tus-resumable": null });
      await at.head(url);
    },
  ],
];
