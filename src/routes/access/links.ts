// /api/links: the links and drops of an account. An owner sees and changes those of all.

import { Elysia, t } from "elysia";
import { ChangeRefused } from "../../access/database/changes/refused.ts";
import type { Link } from "../../access/database/snapshot.ts";
import { isoTime } from "../../access/iso-time.ts";
import { readLimits } from "../../access/links/link-request.ts";
import { stateOfLink } from "../../access/links/link-state.ts";
import { urlOfLink } from "../../access/links/token.ts";
import { newId } from "../../access/secrets.ts";
import { Problem } from "../../errors.ts";
import { checkFolderPath } from "../../path.ts";
import { access, askerOf, proveBelow } from "../../plugins/access.ts";
import { BODY_PROBLEMS, empty, json, problems } from "../openapi/answers.ts";
import { LinkEdit, LinkList, LinkShape, NewLink } from "../openapi/link-shapes.ts";
import { jsonAnswer } from "../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import type { Services } from "../support/services.ts";

/** Bytes of a link: its note is the longest part. */
const MAX_BYTES = 32_768;
const Id = t.Object({ id: t.String({ description: "Id of the link" }) });
const tags = ["Links"];

const READ_PROBLEMS = ["login_required", "wrong_login", "not_found"] as const;
const CHANGE_PROBLEMS = [
  ...READ_PROBLEMS,
  "cross_origin",
  ...BODY_PROBLEMS,
  "logins_busy",
  "storage_failed",
] as const;

export function ownLinks(services: Services) {
  const { access: known, logins, storage } = services;
  const noStore = { "cache-control": "no-store" };
  return new Elysia({ name: "own-links" })
    .use(access(services))
    .get(
      "/api/links",
      ({ request, query }) => {
        const within = (link: Link): boolean =>
          query.path === undefined || link.path === checkFolderPath(query.path, "/path");
        const own = [...known.snapshot.links.values()].filter((link) => isOwn(request, link) && within(link));
        return jsonAnswer({ links: own.map(shown) });
      },
      {
        allow: "account",
        query: t.Object({ path: t.Optional(t.String({ description: "Only links to this path" })) }),
        response: {
          200: json(LinkList, { description: "The links, oldest first" }),
          ...problems("login_required", "wrong_login", "invalid_path", "invalid_request"),
        },
        detail: {
          operationId: "listLinks",
          summary: "List one's own links",
          description: "An owner gets those of all accounts.",
          tags,
        },
      },
    )
    .post(
      "/api/links",
      async ({ request }) => {
        const {
          path: given,
          kind: wanted,
          ...limits
        } = await jsonBody(services, request, NewLink, MAX_BYTES);
        const path = checkFolderPath(given, "/path");
        const words = ["share", wanted === "drop" ? "write" : "read"] as const;
        const { account } = proveBelow(request, words, path);
        const entry = await storage.find(path);
        if (!entry) throw new Problem("not_found", "No file or folder has this path.");
        const kind = wanted ?? entry.kind;
        if ((kind === "file") !== (entry.kind === "file"))
          throw new Problem("invalid_request", `This is a ${entry.kind}: a ${kind} cannot be made of it.`);
        // The entry itself, in case a symbolic link has led there: that may be pointed elsewhere later.
        if (entry.target !== undefined) proveBelow(request, words, entry.target);
        const id = newId();
        await known.change("addLink", {
          ...(await readLimits(logins.passwords, limits)),
          id,
          account: account ?? "",
          path: entry.target ?? path,
          kind,
        });
        const link = shown(linkOf(request, id));
        return jsonAnswer(link, 201, { location: `/api/links/${id}` });
      },
      {
        parse: "none",
        allow: "account",
        response: {
          201: json(LinkShape, { description: "The new link", headers: ["Location"] }),
          ...problems(...CHANGE_PROBLEMS, "not_allowed", "invalid_path"),
        },
        detail: {
          operationId: "createLink",
          summary: "Make a link or a drop",
          description:
            "Needs the grant `share` for the path and everything below it, and `read`, for a drop `write`. The link never gives more than the account has at that moment.",
          tags,
          requestBody: jsonRequest(NewLink),
        },
      },
    )
    .patch(
      "/api/links/:id",
      async ({ request, params: { id } }) => {
        const limits = await jsonBody(services, request, LinkEdit, MAX_BYTES);
        linkOf(request, id);
        const edit = await readLimits(logins.passwords, limits);
        await known.change("editLink", { id, edit }).catch(gone);
        return jsonAnswer(shown(linkOf(request, id)));
      },
      {
        parse: "none",
        allow: "account",
        params: Id,
        response: { 200: json(LinkShape, { description: "The link" }), ...problems(...CHANGE_PROBLEMS) },
        detail: {
          operationId: "editLink",
          summary: "Change the limits of a link",
          description: "Absent members stay as they are, also the password.",
          tags,
          requestBody: jsonRequest(LinkEdit),
        },
      },
    )
    .delete(
      "/api/links/:id",
      async ({ request, params: { id } }) => {
        linkOf(request, id);
        await known.change("revokeLink", { id }).catch(gone);
        return new Response(null, { status: 204, headers: noStore });
      },
      {
        allow: "account",
        params: Id,
        response: {
          204: empty({ description: "Nobody can use the link any more" }),
          ...problems(...READ_PROBLEMS, "cross_origin", "storage_failed"),
        },
        detail: {
          operationId: "revokeLink",
          summary: "Close a link for good",
          description: "Uploads and downloads that are running are cut.",
          tags,
        },
      },
    )
    .post(
      "/api/links/:id/renew",
      async ({ request, params: { id } }) => {
        linkOf(request, id);
        await known.change("renewLink", { id }).catch(gone);
        return jsonAnswer(shown(linkOf(request, id)));
      },
      {
        parse: "none",
        allow: "account",
        params: Id,
        response: {
          200: json(LinkShape, { description: "The link with its new address" }),
          ...problems(...READ_PROBLEMS, "cross_origin", "storage_failed"),
        },
        detail: {
          operationId: "renewLink",
          summary: "Give a link a new address",
          description: "The old address is dead at once.",
          tags,
        },
      },
    );

  function shown(link: Link) {
    return {
      id: link.id,
      url: urlOfLink(known.snapshot.linkKey, link),
      kind: link.kind,
      path: link.path,
      account: link.account,
      state: stateOfLink(link, known.now()),
      needsPassword: link.password !== null,
      note: link.note,
      created: isoTime(link.created),
      expires: isoTime(link.expires),
      downloads: link.downloadsLeft,
      maxBytes: link.bytesLeft,
      maxFiles: link.filesLeft,
      largest: link.largest,
      rate: link.rate,
      askName: link.askName,
    };
  }

  /** A link of the asker. @throws Problem not_found, also for those of others */
  function linkOf(request: Request, id: string): Link {
    const link = known.snapshot.links.get(id);
    if (link && isOwn(request, link)) return link;
    throw new Problem("not_found", "You have no link with this id.");
  }
}

/** Whether the asker may see and change a link. A token with limits sees the links that it could make. */
function isOwn(request: Request, link: Link): boolean {
  const asker = askerOf(request);
  if (link.account !== asker.account && !asker.owner) return false;
  return asker.scope === null || asker.can("share", link.path);
}

/** For `catch`. @throws Problem not_found for a link that is closed for good */
function gone(error: unknown): never {
  throw error instanceof ChangeRefused ? new Problem("not_found", "This link is closed for good.") : error;
}
