// Adds X-Request-Id and Server-Timing to every answer, and reports the answer to the log.

import { Elysia } from "elysia";
import type { Config } from "../config/config.ts";
import { ClientAddresses } from "../http/client-address.ts";
import type { Log } from "./log.ts";
import { attachRequestInfo, requestInfoOf } from "./request-info.ts";

/** The headers that Elysia merges into the answer. */
interface AnswerHeaders {
  headers: Record<string, string | number>;
}

/** Adds `Server-Timing` and logs the answer. Must be called exactly once per request. */
export function onAnswered(
  request: Request,
  set: AnswerHeaders,
  log: Log,
  answer: { status: number; bytes: number | null; route: string | undefined },
): void {
  const info = requestInfoOf(request);
  if (info) set.headers["server-timing"] = info.timing;
  log.answered(request, answer);
}

/**
 * Attaches a `RequestInfo` to every request, and `X-Request-Id` and `Server-Timing` to every answer.
 * @param trustedProxy networks whose proxies report the addresses of clients, and the path below which they show this server
 */
export function requestTiming(
  log: Log,
  { trustedProxy, basePath }: Pick<Config, "trustedProxy" | "basePath">,
) {
  const addresses = new ClientAddresses(trustedProxy);
  return new Elysia({ name: "request-timing" })
    .onRequest(({ request, set, server }) => {
      set.headers["x-request-id"] = attachRequestInfo(request, server, addresses, basePath).id;
    })
    .onAfterHandle({ as: "global" }, ({ request, set, route, responseValue }) => {
      onAnswered(request, set, log, { ...outcome(responseValue, set.status), route });
    });
}

function outcome(value: unknown, status: unknown): { status: number; bytes: number | null } {
  if (value instanceof Response) {
    const length = value.headers.get("content-length");
    return { status: value.status, bytes: length === null ? null : Number(length) };
  }
  const code = typeof value === "object" && value !== null && "code" in value ? value.code : status;
  return { status: typeof code === "number" ? code : 200, bytes: null };
}
