// GET /s/{token}: the page of a link, GET /s/{token}/info: the facts for it, POST /s/{token}/session: its password and a sender's name.

import { Elysia, t } from "elysia";
import { isoTime } from "../../access/iso-time.ts";
import { linkGone, stateOfLink } from "../../access/links/link-state.ts";
import { checkSender, newVisit } from "../../access/links/visit.ts";
import { Problem } from "../../errors.ts";
import { nameOf } from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { BODY_PROBLEMS, empty, json, problems } from "../openapi/answers.ts";
import { LinkInfo, LinkSession } from "../openapi/link-shapes.ts";
import { jsonAnswer } from "../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import { pageAnswer } from "../support/page-html.ts";
import type { Services } from "../support/services.ts";
import { findLink, LINK_PROBLEMS, openLink, rememberVisit, visitOf } from "./opened-link.ts";

/** Bytes of a password and a name. */
const MAX_BYTES = 4096;

export const Token = t.Object({ token: t.String({ description: "The token in the address of the link" }) });

export function visiting(services: Services) {
  const { links, access: known, config } = services;
  return new Elysia({ name: "link-visiting" })
    .use(access(services))
    .get(
      "/s/:token",
      async ({ request, params: { token }, set }) => {
        // The page explains what is wrong with a link: only its status tells programs.
        const status = await openStatus(token);
        if (status === 200 && request.method === "GET") {
          const { link } = findLink(services, token);
          const visit = visitOf(services, request, link) ?? newVisit(known.now());
          rememberVisit(services, request, set, token, link, visit);
        }
        return await pageAnswer(request, status, "link/link.html");
      },
      { allow: "link", params: Token, detail: { hide: true } },
    )
    .get(
      "/s/:token/info",
      async ({ request, params: { token }, set }) => {
        const { link } = findLink(services, token);
        if (link.password !== null && !visitOf(services, request, link)?.unlocked)
          if (!request.headers.has("authorization")) return jsonAnswer({ needsPassword: true });
        const { visit, entry } = await openLink(services, request, token);
        if (stateOfLink(link, known.now()) === "used" && !links.hasTicket(link, visit.id)) throw linkGone();
        rememberVisit(services, request, set, token, link, visit);
        const common = {
          needsPassword: false,
          kind: link.kind,
          name: nameOf(link.path),
          account: link.account,
          note: link.note,
          expires: isoTime(link.expires),
        };
        if (link.kind !== "drop")
          return jsonAnswer({
            ...common,
            downloads: link.downloadsLeft,
            ...(entry.kind === "file" && { size: entry.size }),
          });
        return jsonAnswer({
          ...common,
          maxBytes: link.bytesLeft,
          maxFiles: link.filesLeft,
          largest: Math.min(link.largest ?? Number.POSITIVE_INFINITY, config.maxFileSize),
          askName: link.askName,
          sender: visit.name,
          receipt: visit.id,
        });
      },
      {
        allow: "link",
        params: Token,
        response: {
          200: json(LinkInfo, { description: "The link, as its visitors see it" }),
          ...problems(...LINK_PROBLEMS),
        },
        detail: {
          operationId: "getLinkInfo",
          summary: "Get what a link is for",
          description: "Before the password of the link is given, only that there is one.",
          tags: ["Links"],
        },
      },
    )
    .post(
      "/s/:token/session",
      async ({ request, params: { token }, set }) => {
        const { password, name } = await jsonBody(services, request, LinkSession, MAX_BYTES);
        const { link } = findLink(services, token);
        const before = visitOf(services, request, link);
        let unlocked = link.password === null || before?.unlocked === true;
        if (!unlocked && password !== undefined) {
          await links.unlock(link, password, requestInfoOf(request)?.client);
          unlocked = true;
        }
        if (!unlocked) throw new Problem("link_password", "Send the password of the link as `password`.");
        // Another name is another sender, with a folder of its own.
        const renamed = name !== undefined && before !== null && checkSender(name) !== before.name;
        const visit = before && !renamed ? before : newVisit(known.now());
        const sender = name === undefined ? (before?.name ?? "") : checkSender(name);
        rememberVisit(services, request, set, token, link, { ...visit, name: sender, unlocked: true });
        return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
      },
      {
        parse: "none",
        allow: "link",
        params: Token,
        response: {
          204: empty({ description: "The cookie of the visit is set", headers: ["Set-Cookie"] }),
          ...problems(...BODY_PROBLEMS, ...LINK_PROBLEMS),
        },
        detail: {
          operationId: "openLink",
          summary: "Give the password of a link, or the name of a sender",
          description: "Sets a cookie that holds for this link, for a day.",
          tags: ["Links"],
          requestBody: jsonRequest(LinkSession),
        },
      },
    );

  async function openStatus(token: string): Promise<200 | 404 | 410> {
    try {
      findLink(services, token);
      return 200;
    } catch (error) {
      if (error instanceof Problem && error.code === "not_found") return 404;
      if (error instanceof Problem && error.code === "link_gone") return 410;
      throw error;
    }
  }
}
