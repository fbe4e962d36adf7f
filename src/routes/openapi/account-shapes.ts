// The schemas of accounts, invites and tokens.

import { Type } from "@sinclair/typebox";
import { t } from "elysia";
import { Words } from "./access-shapes.ts";
import { Path } from "./shapes.ts";

const name = t.String({ maxLength: 64, description: "The name of an account" });
const teams = t.Array(t.String({ maxLength: 64 }), { maxItems: 100, description: "Without the `@`" });
const password = t.String({ maxLength: 1024, description: "8 to 256 characters" });
const token = t.String({ maxLength: 128, description: "The part of the link after `#`" });
const moment = t.Union([t.String(), t.Null()], { description: "null for never" });
/** Members that are not named are refused. */
const closed = { additionalProperties: false } as const;

export const Account = t.Object(
  {
    name: t.String(),
    owner: t.Boolean({ description: "May do everything, and manage accounts" }),
    teams: t.Array(t.String()),
    disabled: t.Boolean(),
    hasPassword: t.Boolean({ description: "False while its invite has not been used" }),
    secondFactor: t.Boolean(),
    created: t.String(),
  },
  { $id: "Account", description: "An account, without anything secret" },
);

export const Accounts = t.Object({ accounts: t.Array(Account) });

export const NewAccount = t.Object(
  { name, owner: t.Optional(t.Boolean()), teams: t.Optional(teams) },
  closed,
);

export const AccountChange = t.Object(
  { owner: t.Optional(t.Boolean()), disabled: t.Optional(t.Boolean()), teams: t.Optional(teams) },
  closed,
);

export const Reset = t.Object(
  {
    secondFactor: t.Optional(t.Boolean({ description: "Also remove the second factor and the passkeys" })),
  },
  closed,
);

export const Invite = t.Object(
  {
    name: t.String(),
    path: t.String({ description: "`/invite#…`, below the address of the server. It is shown only here" }),
    expires: t.String(),
  },
  { $id: "Invite", description: "A link by which a person sets the password of an account, once" },
);

export const Acceptance = t.Object({ token, password }, closed);
export const FirstOwner = t.Object({ token, name, password }, closed);
export const AccountName = t.Object({ name: t.String() });

export const Token = t.Object(
  {
    id: t.String(),
    name: t.String({ description: "The purpose, in the words of a person" }),
    account: t.String(),
    words: t.Union([Words, t.Null()], { description: "null: all that the account may do" }),
    path: t.Union([Path, t.Null()]),
    created: t.String(),
    expires: moment,
  },
  { $id: "Token", description: "A token, without its secret" },
);

export const Tokens = t.Object({ tokens: t.Array(Token) });

export const NewToken = t.Object(
  {
    name: t.String({ minLength: 1, maxLength: 120 }),
    words: t.Optional(Words),
    path: t.Optional(t.String({ maxLength: 4096, description: "A folder or file; the root by default" })),
    expires: t.Optional(
      Type.Integer({ minimum: 60, maximum: 3650 * 86_400, description: "Seconds; 90 days by default" }),
    ),
  },
  closed,
);

export const MadeToken = t.Object({
  id: t.String(),
  token: t.String({ description: "The secret. It is shown only here" }),
  expires: t.String(),
});

/** The schemas that become components of the document. */
export const accountShapes = [Account, Invite, Token];
