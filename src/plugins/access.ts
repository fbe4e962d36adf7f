// Access: every route declares what it needs in `allow`, and its handler proves that the asker has it at the path.

import { type DocumentDecoration, Elysia } from "elysia";
import type { Access } from "../access/access.ts";
import type { Asker, Via } from "../access/asker.ts";
import type { Logins } from "../access/logins.ts";
import { formatWords, wordsOf } from "../access/words.ts";
import type { Config, Word } from "../config/config.ts";
import type { NameGrants } from "../core/naming/conflict.ts";
import { Problem } from "../errors.ts";
import { type Preconditions, unconditional } from "../http/conditions.ts";
import { isOverTls } from "../http/target.ts";
import { type FilePath, type FolderPath, folderOf, ROOT } from "../path.ts";
import { findAsker } from "./asker.ts";
import { requestInfoOf } from "./request-info.ts";

/**
 * The needs of a route. A word, or several: the asker must have them somewhere, and the handler calls `prove` with the path.
 * `public`: nothing, because the answer reveals nothing about files. `each`: the handler proves each part of the request.
 * `upload`: the id in the URL is the permission. `link`: the token in the URL. `account`: a login. `person`: a login without a
 * token. `owner`: that of an owner.
 */
export type Allow =
  | Word
  | readonly Word[]
  | "public"
  | "each"
  | "upload"
  | "link"
  | "account"
  | "person"
  | "owner";

/** The `detail` of a route with its needs, which the OpenAPI document shows. */
export interface AllowDetail extends DocumentDecoration {
  "x-allow": Allow;
}

/** For routes of third-party plugins, which accept a `detail` but not `allow`. */
export function allowDetail(allow: Allow): AllowDetail {
  return { "x-allow": allow };
}

const SENTENCES: Readonly<Record<string, string>> = {
  public: "",
  each: "",
  upload: "The id of the upload is the permission; its maker must still have `write`.",
  link: "The token of the link is the permission.",
  account: "Needs a login.",
  person: "Needs the login of a person: a token is not enough.",
  owner: "Needs the login of an owner.",
};

/** A sentence about what a route needs; "" when it needs nothing. */
export function grantOf(allow: Allow): string {
  const sentence = typeof allow === "string" ? SENTENCES[allow] : undefined;
  if (sentence !== undefined) return sentence;
  const named = [allow].flat().map((word) => `\`${word}\``);
  return `Needs the ${named.length > 1 ? "grants" : "grant"} ${named.join(" and ")}.`;
}

/** The asker of a request whose route needs one. */
export function askerOf(request: Request): Asker {
  const asker = requestInfoOf(request)?.asker;
  if (!asker) throw new Error("The route declares no `allow` that finds the asker.");
  return asker;
}

/**
 * Proves that the asker of a request has words at a path.
 * @throws Problem login_required, not_allowed; not_found when the account may not even list the path
 */
export function prove(request: Request, words: Word | readonly Word[], path: FilePath | FolderPath): Asker {
  const asker = askerOf(request);
  const info = requestInfoOf(request);
  if (info) info.proved = true;
  const missing = [words].flat().filter((word) => !asker.can(word, path));
  if (missing.length > 0) throw refusal(asker, missing, path);
  return asker;
}

/** Proves that the asker may see a folder: list it, or a folder in it. @throws Problem as `prove` */
export function proveFolder(request: Request, folder: FilePath | FolderPath): Asker {
  const asker = askerOf(request);
  return asker.sees(folder) ? prove(request, [], folder) : prove(request, "list", folder);
}

/** Proves that the asker may write a file, and tells what else they may do with its name. @throws Problem as `prove` */
export function proveWrite(request: Request, path: FilePath): NameGrants {
  return mayTake(prove(request, "write", path), path);
}

/**
 * Proves that the asker may learn whether conditions hold: they tell the time and the ETag of a file to those who may not
 * list it. `If-None-Match: *` tells no more than a name that is taken. @throws Problem as `prove`
 */
export function proveConditions(request: Request, path: FilePath, conditions: Preconditions): void {
  const { ifNoneMatch, ...others } = conditions;
  if (!unconditional(others) || Array.isArray(ifNoneMatch)) prove(request, "list", path);
}

/**
 * Whether an asker who may write an entry may also replace it, and may give it another name in the same folder: not where a
 * rule at the path itself gives more than its folder does, or hides what would be seen under another name.
 */
export function mayTake(asker: Asker, path: FilePath): NameGrants {
  const folder = folderOf(path);
  const reveals = (word: Word): boolean =>
    asker.can(word, folder) && (!asker.can(word, path) || asker.refusedBelow(word, path) !== null);
  const renames = asker.can("write", folder) && !reveals("list") && !reveals("read");
  return {
    replace: asker.can("replace", path),
    read: asker.can("read", path),
    ...(!renames && { rename: false }),
  };
}

/** Proves a word at a path and everywhere below it. @throws Problem as `prove`; not_allowed that names the folder */
export function proveBelow(
  request: Request,
  words: Word | readonly Word[],
  path: FilePath | FolderPath,
): Asker {
  const asker = prove(request, words, path);
  for (const word of [words].flat()) {
    const refused = asker.refusedBelow(word, path);
    if (refused === null) continue;
    const where = asker.can("list", refused) ? ` \`${refused}\`` : " a folder in it";
    throw new Problem("not_allowed", `The folder contains${where}, where you lack the grant \`${word}\`.`);
  }
  return asker;
}

/** The problem of an asker who lacks words at a path. */
function refusal(asker: Asker, missing: readonly Word[], path: FilePath | FolderPath): Problem {
  if (asker.couldLogIn) return loginRequired();
  const named = missing.map((word) => `\`${word}\``).join(" and ");
  const grants = missing.length > 1 ? "grants" : "grant";
  if (asker.account === null) {
    const where = asker.canSomewhere(missing[0] ?? "list") ? " here" : "";
    const all = formatWords(asker.words(ROOT) | wordsOf(missing));
    return new Problem(
      "not_allowed",
      `This needs the ${grants} ${named}${where}: start the server with --allow ${all}.`,
    );
  }
  if (!asker.can("list", path) && !asker.leadsTo("list", path))
    return new Problem("not_found", "No file or folder has this path.");
  const them = missing.length > 1 ? "them" : "it";
  const lack =
    asker.via === "token" && asker.scope !== null
      ? `The token lacks the ${grants} ${named} here. Send one that has ${them}.`
      : `Your account lacks the ${grants} ${named} here. An owner of this server can grant ${them}.`;
  return new Problem("not_allowed", lack);
}

/** The problem of a request that needs a login. */
export function loginRequired(): Problem {
  return new Problem("login_required", "Log in, or send a token: `Authorization: Bearer …`.");
}

export interface AccessServices {
  access: Access;
  logins: Logins;
  config: Pick<Config, "url" | "loginHeader">;
}

/** Whether the browser sent this request by TLS, to this server or to a proxy, so that the cookie may say so. */
export function isSecure({ url }: Pick<Config, "url">, request: Request): boolean {
  return isOverTls(request) || (url?.startsWith("https:") ?? false);
}

/** Adds the option `allow` to routes. The name makes Elysia register the plugin only once. */
export function access({ access, logins, config }: AccessServices) {
  const { loginHeader } = config;
  return new Elysia({ name: "access" }).macro({
    allow: (required: Allow) => ({
      detail: allowDetail(required),
      beforeHandle({ request }) {
        if (isAnybody(required)) return undefined;
        const secure = isSecure(config, request);
        const found = findAsker({ access, logins, secure, loginHeader }, request);
        if (found instanceof Promise) return found.then((asker) => admit(request, asker, required));
        return admit(request, found, required);
      },
      afterHandle({ request }) {
        if (!needsPath(required) || requestInfoOf(request)?.proved) return;
        throw new Error("The handler of this route has proved nothing.");
      },
    }),
  });
}

/** Needs that are met without an asker. */
type Anybody = "public" | "upload" | "link";
type NeedsAccount = "account" | "person" | "owner";

function isAnybody(required: Allow): required is Anybody {
  return required === "public" || required === "upload" || required === "link";
}

function isOfAccount(required: Allow): required is NeedsAccount {
  return required === "account" || required === "person" || required === "owner";
}

/** Whether the handler must prove its words at a path. */
function needsPath(required: Allow): required is Word | readonly Word[] {
  return required !== "each" && !isAnybody(required) && !isOfAccount(required);
}

function notInPerson(via: Via): string {
  return via === "proxy"
    ? "The proxy in front of this server decides how you log in."
    : "A token cannot see or change how you log in. Log in on the page.";
}

/** Remembers the asker, and refuses early who cannot succeed at any path. @throws Problem */
function admit(request: Request, asker: Asker, required: Exclude<Allow, Anybody>): undefined {
  const info = requestInfoOf(request);
  if (info) info.asker = asker;
  if (required === "each") return undefined;
  if (isOfAccount(required)) {
    if (!asker.isAccount) throw loginRequired();
    if (required === "person" && asker.via !== "session" && asker.via !== "password")
      throw new Problem("not_allowed", notInPerson(asker.via));
    // A token that is limited to some words or a folder must not lead to all of them.
    if (required === "owner" && (!asker.owner || asker.scope !== null))
      throw new Problem("not_allowed", "Only an owner of this server may do this.");
    return undefined;
  }
  // A route that needs `read` may also be asked for a folder of GET /files, which needs only `list`.
  const hopeless = (word: Word): boolean =>
    !asker.canSomewhere(word) && !(word === "read" && asker.canSomewhere("list"));
  const missing = [required].flat().filter(hopeless);
  if (missing.length > 0) throw refusal(asker, missing, ROOT);
  return undefined;
}
