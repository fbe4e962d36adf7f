// GET /api/me: who asks, and what they may do in a folder. The page shows only what is possible.

import { Elysia, t } from "elysia";
import { relyingPartyOf } from "../../access/login/passkeys.ts";
import { listWords } from "../../access/words.ts";
import { FolderPathValue, ROOT } from "../../path.ts";
import { access, askerOf } from "../../plugins/access.ts";
import { Me } from "../openapi/access-shapes.ts";
import { json, problems } from "../openapi/answers.ts";
import { jsonAnswer } from "../support/json-answer.ts";
import type { Services } from "../support/services.ts";
import { originOf } from "./login/site.ts";

export function me(services: Services) {
  const { config } = services;
  return new Elysia({ name: "me" }).use(access(services)).get(
    "/api/me",
    ({ request, query }) => {
      const asker = askerOf(request);
      const folder = query.folder ?? ROOT;
      // Visitors of a link learn nothing about the folders above it.
      const limited = asker.via !== "link" && (asker.can("write", folder) || asker.can("list", folder));
      const quota = limited ? services.uploader.quotas.report(folder) : null;
      return jsonAnswer({
        name: asker.isAccount ? asker.account : null,
        owner: asker.isAccount && asker.owner,
        via: asker.via,
        accounts: services.access.closed,
        logins: {
          passkey: relyingPartyOf(originOf(services, request)) !== undefined,
          provider: services.logins.provider !== null,
        },
        folder,
        words: listWords(asker.words(folder)),
        maxFileSize: config.maxFileSize,
        trash: config.trash ?? null,
        ...(quota && { quota }),
      });
    },
    {
      allow: "each",
      query: t.Object({ folder: t.Optional(FolderPathValue) }),
      response: {
        200: json(Me, { description: "The account and its permissions" }),
        ...problems("invalid_path", "invalid_request", "wrong_login"),
      },
      detail: {
        operationId: "getMe",
        summary: "Get one's own account and permissions",
        description: "Also answered without a login: then for anyone.",
        tags: ["Access"],
      },
    },
  );
}
