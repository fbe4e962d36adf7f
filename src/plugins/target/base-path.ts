// --base-path and X-Forwarded-Prefix: removes the path from requests and adds it to URLs in answers. A proxy may pass it on or strip it.

import { Elysia } from "elysia";
import type { Config } from "../../config/config.ts";
import { setPath, targetOf } from "../../http/target.ts";
import { publicPrefix } from "../request-info.ts";

/** Headers with a URL of this server. */
const URL_HEADERS = ["location", "content-location"];
const JSON_TYPES = /^application\/(?:json|problem\+json|x-ndjson)\b/;
/**
 * A member with a URL of this server. Within the strings of JSON every quote is preceded by a backslash, so this matches
 * only members.
 */
const URL_MEMBERS = /(?<!\\)"(url|type)":"(?=\/(?:files\/|s\/|problems#))/g;

/**
 * Routes see requests without the base path, and every URL in an answer gets it. Must be used before plugins that encode answers.
 * Without a base path and without a trusted proxy there is nothing to do.
 */
export function basePath({ basePath: base, trustedProxy }: Pick<Config, "basePath" | "trustedProxy">) {
  const plugin = new Elysia({ name: "base-path" });
  if (base === "" && trustedProxy.length === 0) return plugin;
  return plugin
    .wrap((answer: (request: Request) => unknown) => (request: Request) => {
      if (base === "") return answer(request);
      const { path, query } = targetOf(request);
      if (path === base) {
        const location = `${base}/${query === "" ? "" : `?${query}`}`;
        return new Response(null, { status: 308, headers: { location } });
      }
      if (path.startsWith(`${base}/`)) setPath(request, path.slice(base.length));
      return answer(request);
    })
    .mapResponse({ as: "global" }, async ({ request, responseValue, set }) => {
      const prefix = publicPrefix(request);
      if (prefix === "") return;
      if (responseValue instanceof Response) return await withPrefix(responseValue, prefix);
      if (responseValue === null || typeof responseValue !== "object") return;
      if (Object.getPrototypeOf(responseValue) !== Object.prototype) return;
      const status = typeof set.status === "number" ? set.status : 200;
      const headers = { "content-type": "application/json" };
      return new Response(rewritten(JSON.stringify(responseValue), prefix), { status, headers });
    });
}

/** Adds the public prefix to the links of an HTML page. */
export function linksUnder(prefix: string, html: string): string {
  return prefix === "" ? html : html.replace(/\b(href|src)="\//g, `$1="${prefix}/`);
}

async function withPrefix(answer: Response, prefix: string): Promise<Response | undefined> {
  // Only stored files have a Content-Disposition; their bytes are not changed.
  const isJson =
    JSON_TYPES.test(answer.headers.get("content-type") ?? "") && !answer.headers.has("content-disposition");
  if (!isJson && !URL_HEADERS.some((name) => answer.headers.has(name))) return undefined;
  const headers = new Headers(answer.headers);
  for (const name of URL_HEADERS) {
    const url = headers.get(name);
    if (url?.startsWith("/")) headers.set(name, prefix + url);
  }
  if (!isJson || answer.body === null) return new Response(answer.body, { status: answer.status, headers });
  headers.delete("content-length");
  return new Response(await rewrittenBody(answer, prefix), { status: answer.status, headers });
}

/** Answers that are streamed consist of whole lines or documents, and must not wait for the end. */
async function rewrittenBody(answer: Response, prefix: string): Promise<string | ReadableStream<Uint8Array>> {
  const streamed =
    answer.headers.get("connection") === "close" ||
    answer.headers.get("content-type")?.startsWith("application/x-ndjson");
  if (!streamed || answer.body === null) return rewritten(await answer.text(), prefix);
  const decoder = new TextDecoder();
  return answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) =>
        controller.enqueue(Buffer.from(rewritten(decoder.decode(chunk), prefix))),
    }),
  );
}

function rewritten(json: string, prefix: string): string {
  return json.replace(URL_MEMBERS, `"$1":"${prefix}`);
}
