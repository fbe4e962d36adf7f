// The records in filebrowser's database: JSON in buckets, as its version 2 writes it with the package storm.

import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

/** Longest record that is parsed, in bytes. A user with 10,000 rules has about 1 MB. */
const MAX_RECORD = 8 * 2 ** 20;

/** Go writes `null` for an empty list, and older versions left out what they did not know. */
const listOf = <Item extends TSchema>(item: Item) =>
  Type.Optional(Type.Union([Type.Array(item), Type.Null()]));
const Flag = Type.Optional(Type.Boolean());
const Text = Type.Optional(Type.String());

const Rule = Type.Object({
  regex: Flag,
  allow: Flag,
  path: Text,
  regexp: Type.Optional(Type.Union([Type.Object({ raw: Text }), Type.Null()])),
});

export const User = Type.Object({
  id: Type.Integer({ minimum: 0 }),
  username: Type.String(),
  password: Type.String(),
  scope: Type.String(),
  lockPassword: Flag,
  perm: Type.Object({
    admin: Flag,
    execute: Flag,
    create: Flag,
    rename: Flag,
    modify: Flag,
    delete: Flag,
    share: Flag,
    download: Flag,
  }),
  commands: listOf(Type.String()),
  rules: listOf(Rule),
  hideDotfiles: Flag,
});

export const Link = Type.Object({
  hash: Type.String(),
  path: Type.String(),
  userID: Type.Integer({ minimum: 0 }),
  /** Seconds since 1970; 0 for never. */
  expire: Type.Integer({ minimum: 0, maximum: 8.64e12 }),
  password_hash: Text,
});

export const Settings = Type.Object({
  signup: Flag,
  createUserDir: Flag,
  authMethod: Text,
  branding: Type.Optional(Type.Object({ name: Text, files: Text })),
  commands: Type.Optional(Type.Union([Type.Record(Type.String(), listOf(Type.String())), Type.Null()])),
  rules: listOf(Rule),
});

export const Server = Type.Object({
  root: Text,
  baseURL: Text,
  socket: Text,
  tlsKey: Text,
  tlsCert: Text,
  port: Text,
  address: Text,
  followExternalSymlinks: Flag,
});

export type RuleRecord = Static<typeof Rule>;
export type UserRecord = Static<typeof User>;
export type LinkRecord = Static<typeof Link>;
export type SettingsRecord = Static<typeof Settings>;
export type ServerRecord = Static<typeof Server>;

/** Parses one record. @returns its fault instead, when it is not what filebrowser writes */
export function parseRecord<Shape extends TSchema>(
  shape: Shape,
  bytes: Uint8Array,
): { record: Static<Shape> } | { fault: string } {
  if (bytes.length > MAX_RECORD) return { fault: `it is larger than ${MAX_RECORD / 2 ** 20} MiB` };
  let record: unknown;
  try {
    record = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { fault: "it is not JSON" };
  }
  if (Value.Check(shape, record)) return { record };
  const [first] = Value.Errors(shape, record);
  return { fault: `${first?.path || "/"}: ${first?.message ?? "unknown"}` };
}
