// The schemas of logins and accounts.

import { t } from "elysia";
import { PasskeyAssertion, PasskeyAttestation } from "../../access/login/passkey-shapes.ts";
import { WORDS } from "../../config/config.ts";
import { bytes, oneOf, Path, Quota } from "./shapes.ts";

export const Words = t.Array(oneOf(WORDS, "A permission"), {
  description: "Permissions, `read` always with `list`",
});

export const Login = t.Object(
  {
    name: t.String({ maxLength: 64 }),
    password: t.String({ maxLength: 1024 }),
    code: t.Optional(
      t.String({ maxLength: 16, description: "Six digits, for an account with a second factor" }),
    ),
  },
  { additionalProperties: false },
);

export const PasswordAgain = t.Object(
  { password: t.String({ maxLength: 1024 }) },
  { additionalProperties: false, description: "The password of the own account, once more" },
);

export const NewPassword = t.Object(
  {
    password: t.String({ maxLength: 1024, description: "The present one" }),
    next: t.String({ maxLength: 1024, description: "The new one, of 8 to 256 characters" }),
  },
  { additionalProperties: false },
);

export const OwnSessions = t.Object({
  sessions: t.Array(
    t.Object({
      id: t.String(),
      browser: t.String({ description: "`User-Agent` of the login" }),
      created: t.String(),
      expires: t.Union([t.String(), t.Null()]),
      current: t.Boolean({ description: "Whether this request used it" }),
    }),
  ),
});

export const NewTotp = t.Object({
  secret: t.String({ description: "For apps that cannot scan, in base32" }),
  uri: t.String({ description: "The `otpauth://` address for a QR code" }),
  seal: t.String({ description: "To be sent back with the first code, within five minutes" }),
});

export const TotpConfirmation = t.Object(
  {
    secret: t.String({ pattern: "^[A-Z2-7]{32}$" }),
    seal: t.String({ maxLength: 128 }),
    code: t.String({ maxLength: 16 }),
  },
  { additionalProperties: false },
);

/** Options for `navigator.credentials`: the page passes them on without looking inside. */
export const BrowserOptions = t.Object({ challenge: t.String() }, { additionalProperties: true });

/** Browsers may add members to a credential. */
export const PasskeyLogin = t.Object({ credential: PasskeyAssertion }, { additionalProperties: false });

export const NewPasskey = t.Object(
  {
    name: t.String({ minLength: 1, maxLength: 64, description: "To tell passkeys apart, such as Laptop" }),
    credential: PasskeyAttestation,
  },
  { additionalProperties: false },
);

export const OwnAccount = t.Object({
  name: t.String(),
  owner: t.Boolean(),
  password: t.Boolean({ description: "Whether it has a password" }),
  totp: t.Boolean({ description: "Whether it needs a code" }),
  passkeys: t.Array(t.Object({ id: t.String(), name: t.String(), created: t.String() })),
  providers: t.Array(t.String(), { description: "The issuers of identity providers" }),
});

export const Me = t.Object(
  {
    name: t.Union([t.String(), t.Null()], { description: "The account; null for anyone" }),
    owner: t.Boolean({ description: "May do everything, and manage accounts" }),
    via: oneOf(["anyone", "session", "password", "token", "proxy", "link"], "How the account was proved"),
    accounts: t.Boolean({ description: "Whether the server has accounts, so that one can log in" }),
    logins: t.Object(
      {
        passkey: t.Boolean({ description: "Under this address browsers have passkeys" }),
        provider: t.Boolean({ description: "`/api/session/oidc` leads to an identity provider" }),
      },
      { description: "Ways to log in besides the password" },
    ),
    folder: Path,
    words: Words,
    maxFileSize: bytes("`--max-file-size`"),
    trash: t.Union([t.Number(), t.Null()], {
      description: "Seconds for which removed entries can be restored; null without a trash",
    }),
    quota: t.Optional(Quota),
  },
  { $id: "Me", description: "Who asks, and what they may do in a folder" },
);

/** The schemas that become components of the document. */
export const accessShapes = [Me];
