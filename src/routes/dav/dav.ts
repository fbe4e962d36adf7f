// /dav/{path}: WebDAV (RFC 4918). Each method has a file of its own.

import { Elysia } from "elysia";
import { LockedProblem } from "../../core/locks/refusals.ts";
import { type Allow, access } from "../../plugins/access.ts";
import { getOrHead } from "../support/download/get-or-head.ts";
import type { Services } from "../support/services.ts";
import { copy, move } from "./copy-move.ts";
import { get } from "./get.ts";
import { lock } from "./locks/lock.ts";
import { lockedAnswer } from "./locks/lock-grants.ts";
import { unlock } from "./locks/unlock.ts";
import { mkcol } from "./mkcol.ts";
import { options, rootListing } from "./options.ts";
import { propfind } from "./propfind.ts";
import { proppatch } from "./proppatch.ts";
import { put } from "./put.ts";
import { remove } from "./remove.ts";
import { DAV, type DavRequest } from "./target.ts";

interface Method {
  allow: Allow;
  transform?: typeof getOrHead;
  answer: (services: Services, dav: DavRequest) => Response | Promise<Response>;
}

const METHODS: Readonly<Record<string, Method>> = {
  OPTIONS: { allow: "public", answer: () => options(ALLOW) },
  PROPFIND: { allow: "list", answer: propfind },
  PROPPATCH: { allow: "write", answer: proppatch },
  // Also HEAD: Elysia answers a route of its own for HEAD with `Content-Length: 0`.
  ALL: { allow: "read", answer: get, transform: getOrHead },
  PUT: { allow: "write", answer: put },
  MKCOL: { allow: "write", answer: mkcol },
  DELETE: { allow: "delete", answer: remove },
  MOVE: { allow: ["delete", "write"], answer: move },
  COPY: { allow: ["read", "write"], answer: copy },
  LOCK: { allow: "write", answer: lock },
  UNLOCK: { allow: "write", answer: unlock },
};
const ALLOW = Object.keys(METHODS)
  .map((method) => (method === "ALL" ? "GET, HEAD" : method))
  .join(", ");

/** Runs a method; a lock that refuses it has an answer of its own. @throws Problem */
async function answered(services: Services, dav: DavRequest, answer: Method["answer"]): Promise<Response> {
  try {
    return await answer(services, dav);
  } catch (error) {
    if (!(error instanceof LockedProblem)) throw error;
    services.log.problem(dav.request, error);
    return lockedAnswer(dav, error);
  }
}

/** Windows asks the root of the server before it opens a folder. */
const ROOT_METHODS: Readonly<Record<string, Method>> = {
  OPTIONS: { allow: "public", answer: () => options(ALLOW) },
  PROPFIND: { allow: "public", answer: rootListing },
};

export function dav(services: Services) {
  const plugin = new Elysia({ name: "dav" }).use(access(services));
  if (!services.config.dav) return plugin;
  const add = (path: string, methods: typeof METHODS): void => {
    for (const [method, { answer, ...hooks }] of Object.entries(methods))
      plugin.route(method, path, ({ request, server }) => answered(services, { request, server }, answer), {
        ...hooks,
        parse: "none",
        detail: { hide: true },
      });
  };
  add(DAV, METHODS);
  add(`${DAV}/*`, METHODS);
  add("/", ROOT_METHODS);
  return plugin;
}
