// /api/account/sessions: where one is logged in, and logging out there.

import { Elysia, t } from "elysia";
import { isoTime } from "../../../access/iso-time.ts";
import { Problem } from "../../../errors.ts";
import { access, askerOf } from "../../../plugins/access.ts";
import { OwnSessions } from "../../openapi/access-shapes.ts";
import { empty, json, PERSON_PROBLEMS, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import type { Services } from "../../support/services.ts";
import { ownAccount } from "./account.ts";

export function sessions(services: Services) {
  const { access: known } = services;

  const sessionsOf = (request: Request) => {
    const { name } = ownAccount(services, request);
    const now = known.now();
    return [...known.snapshot.secrets.values()].filter(
      ({ kind, account, expires }) => kind === "session" && account === name && (expires ?? now) >= now,
    );
  };

  return new Elysia({ name: "sessions" })
    .use(access(services))
    .get(
      "/api/account/sessions",
      ({ request }) => {
        const current = askerOf(request).credential;
        const sessions = sessionsOf(request).toSorted((one, other) => other.created - one.created);
        return jsonAnswer({
          sessions: sessions.map(({ id, name, created, expires }) => ({
            id,
            browser: name,
            created: isoTime(created),
            expires: isoTime(expires),
            current: id === current,
          })),
        });
      },
      {
        allow: "person",
        response: {
          200: json(OwnSessions, { description: "The sessions, the newest first" }),
          ...problems(...PERSON_PROBLEMS),
        },
        detail: { operationId: "listSessions", summary: "List where one is logged in", tags: ["Access"] },
      },
    )
    .delete(
      "/api/account/sessions/:id",
      async ({ request, params: { id } }) => {
        if (!sessionsOf(request).some((session) => session.id === id))
          throw new Problem("not_found", "Your account has no such session.");
        await known.change("removeSecret", { id });
        return new Response(null, { status: 204 });
      },
      {
        allow: "person",
        params: t.Object({ id: t.String({ maxLength: 64, description: "Id of the session" }) }),
        response: {
          204: empty({ description: "The session has ended" }),
          ...problems("invalid_request", ...PERSON_PROBLEMS, "not_found", "storage_failed"),
        },
        detail: { operationId: "endSession", summary: "Log out elsewhere", tags: ["Access"] },
      },
    );
}
