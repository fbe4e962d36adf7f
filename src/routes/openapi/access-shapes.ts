// The schemas of logins and accounts.

import { t } from "elysia";
import { WORDS } from "../../config/config.ts";
import { bytes, oneOf, Path } from "./shapes.ts";

export const Words = t.Array(oneOf(WORDS, "A permission"), {
  description: "Permissions, `read` always with `list`",
});

export const Login = t.Object(
  {
    name: t.String({ maxLength: 64 }),
    password: t.String({ maxLength: 1024 }),
  },
  { additionalProperties: false },
);

export const Me = t.Object(
  {
    name: t.Union([t.String(), t.Null()], { description: "The account; null for anyone" }),
    owner: t.Boolean({ description: "May do everything, and manage accounts" }),
    via: oneOf(["anyone", "session", "password", "token", "proxy", "link"], "How the account was proved"),
    accounts: t.Boolean({ description: "Whether the server has accounts, so that one can log in" }),
    folder: Path,
    words: Words,
    maxFileSize: bytes("`--max-file-size`"),
    trash: t.Union([t.Number(), t.Null()], {
      description: "Seconds for which removed entries can be restored; null without a trash",
    }),
  },
  { $id: "Me", description: "Who asks, and what they may do in a folder" },
);

/** The schemas that become components of the document. */
export const accessShapes = [Me];
