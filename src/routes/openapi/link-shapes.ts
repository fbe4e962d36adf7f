// The schemas of links and drops.

import { Type } from "@sinclair/typebox";
import { t } from "elysia";
import { bytes, ErrorEntry, Flow, oneOf, Path, Time } from "./shapes.ts";

const KINDS = ["file", "folder", "drop"] as const;
const orNull = <Shape extends ReturnType<typeof t.String> | ReturnType<typeof Type.Integer>>(
  shape: Shape,
  description: string,
) => t.Union([shape, t.Null()], { description });
const Count = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
const Size = Type.Integer({ minimum: 0, format: "int64", maximum: Number.MAX_SAFE_INTEGER });
const Rate = Type.Integer({ minimum: 1, format: "int64", maximum: Number.MAX_SAFE_INTEGER });

/** The members of a link that can be set and edited. */
const Limits = {
  password: t.Optional(
    t.Union([t.String({ minLength: 1, maxLength: 256 }), t.Null()], {
      description: "Visitors must enter it; null for none. Absent when editing: it stays as it is",
    }),
  ),
  note: t.Optional(t.String({ maxLength: 2000, description: "A text for visitors" })),
  expires: t.Optional(orNull(Time, "No visitor can begin anything after this time; null for never")),
  downloads: t.Optional(orNull(Count, "Downloads that are left; null for any number")),
  maxBytes: t.Optional(orNull(Size, "Bytes that a drop still takes; null for any number")),
  maxFiles: t.Optional(orNull(Count, "Files that a drop still takes; null for any number")),
  largest: t.Optional(orNull(Size, "Bytes of the largest file that a drop takes; null for any")),
  rate: t.Optional(orNull(Rate, "Bytes per second for all visitors together; null for no cap")),
  askName: t.Optional(t.Boolean({ description: "Whether a drop asks senders for their name" })),
};

export const NewLink = t.Object(
  {
    path: Path,
    kind: t.Optional(oneOf(KINDS, "Default: `file` or `folder`, as the path is. `drop`: for uploads only")),
    ...Limits,
  },
  { additionalProperties: false },
);

export const LinkEdit = t.Object(Limits, { additionalProperties: false });

export const LinkShape = t.Object(
  {
    id: t.String(),
    url: t.String({
      format: "uri-reference",
      description: "The address for visitors, on this server. Everyone who knows it can use the link",
    }),
    kind: oneOf(KINDS, "`drop`: for uploads only"),
    path: Path,
    account: t.String({ description: "The account that made it, whose grants limit it" }),
    state: oneOf(
      ["open", "expired", "used", "revoked"],
      "`used`: no downloads are left. `revoked`: closed for good, also because its file was deleted",
    ),
    needsPassword: t.Boolean(),
    note: t.String(),
    created: Time,
    expires: t.Union([Time, t.Null()]),
    downloads: t.Union([Count, t.Null()]),
    maxBytes: t.Union([Size, t.Null()]),
    maxFiles: t.Union([Count, t.Null()]),
    largest: t.Union([Size, t.Null()]),
    rate: t.Union([Rate, t.Null()]),
    askName: t.Boolean(),
  },
  { $id: "Link", description: "A link to a file or folder, or a drop" },
);

export const LinkList = t.Object({ links: t.Array(LinkShape) });

/** Told to visitors. Only `needsPassword` before they have given the password. */
export const LinkInfo = t.Object(
  {
    needsPassword: t.Boolean({
      description: "Whether a password must be given first: then nothing else is told",
    }),
    kind: t.Optional(oneOf(KINDS, "`drop`: for uploads only")),
    name: t.Optional(t.String({ description: "Name of the file or folder" })),
    account: t.Optional(t.String({ description: "Who made the link" })),
    note: t.Optional(t.String()),
    expires: t.Optional(t.Union([Time, t.Null()])),
    size: t.Optional(bytes("Bytes of the file")),
    downloads: t.Optional(t.Union([Count, t.Null()], { description: "Downloads that are left" })),
    maxBytes: t.Optional(t.Union([Size, t.Null()], { description: "Bytes that the drop still takes" })),
    maxFiles: t.Optional(t.Union([Count, t.Null()], { description: "Files that the drop still takes" })),
    largest: t.Optional(bytes("The largest file that the drop takes")),
    askName: t.Optional(t.Boolean({ description: "Whether senders are asked for their name" })),
    sender: t.Optional(t.String({ description: "The name that this sender gave" })),
    receipt: t.Optional(
      t.String({ description: "Ends the name of the folder with the files of this visit" }),
    ),
  },
  { $id: "LinkInfo", description: "A link, as a visitor sees it" },
);

export const LinkSession = t.Object(
  {
    password: t.Optional(t.String({ maxLength: 1024 })),
    name: t.Optional(t.String({ maxLength: 200, description: "The name of a sender, for a drop" })),
  },
  { additionalProperties: false },
);

export const DroppedFile = t.Object(
  {
    name: t.String(),
    size: bytes("Bytes"),
    receipt: t.String({
      description: "Names the files of this visit: the receiver finds it at the end of the folder's name",
    }),
    flow: Flow,
  },
  { $id: "DroppedFile", description: "A file that was saved in a drop" },
);

export const DroppedFiles = t.Object({
  files: t.Array(DroppedFile),
  errors: t.Array(ErrorEntry),
  errorsOmitted: t.Integer(),
});

/** The schemas that become components of the document. */
export const linkShapes = [LinkShape, LinkInfo, DroppedFile];
