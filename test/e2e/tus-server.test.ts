// The same conversations with @tus/server: its different responses are listed, with the rule of tus 1.0.0 that Sluice follows.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Program, start } from "../shaped/program.ts";
import { noClients, TUS_PEER } from "../support/clients.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type Answer, CASES, Conversation } from "./tus-cases.ts";

const MAX_SIZE = 1000;
/** Seconds after which @tus/server expires an upload. */
const A_DAY = 86_400;

interface Difference {
  /** The conversations with this difference. */
  in: string[] | "any";
  /** The request, unless the difference is in all of them. */
  request?: string;
  /** The property of the response. */
  field: string;
  /** `undefined`: missing. `any`: any value. */
  ours: string | undefined;
  theirs: string | undefined;
  /** The text of tus 1.0.0 that Sluice follows. */
  because: string;
}

const UNSUPPORTED =
  "If the version specified by the Client is not supported by the Server, it MUST respond with the 412 Precondition Failed status and MUST include the Tus-Version header into the response.";
const STATUS_200 =
  "A successful response indicated by the 204 No Content or 200 OK status MUST contain the Tus-Version header.";
const TYPE =
  "All PATCH requests MUST use Content-Type: application/offset+octet-stream, otherwise the server SHOULD return a 415 Unsupported Media Type status.";
const CONCATENATION =
  "If the Server supports this extension, it MUST add concatenation to the Tus-Extension header. (@tus/server does not.)";
const OVERRIDE =
  "The X-HTTP-Method-Override request header MUST be a string which MUST be interpreted as the request's method by the Server.";

const DIFFERENCES: Difference[] = [
  {
    in: "any",
    request: "POST",
    field: "upload-offset",
    ours: "any",
    theirs: undefined,
    because: "The Upload-Offset request and response header indicates a byte offset within a resource.",
  },
  {
    in: "any",
    field: "upload-length",
    ours: "any",
    theirs: undefined,
    because:
      "The Upload-Length request and response header indicates the size of the entire upload in bytes.",
  },
  {
    in: "any",
    field: "upload-defer-length",
    ours: "1",
    theirs: undefined,
    because:
      "The Upload-Defer-Length request and response header indicates that the size of the upload is not known currently and will be transferred later.",
  },
  {
    in: "any",
    request: "HEAD",
    field: "upload-expires",
    ours: "there",
    theirs: undefined,
    because:
      "The Upload-Expires response header indicates the time after which the unfinished upload expires.",
  },
  { in: "any", field: "tus-version", ours: "1.0.0", theirs: undefined, because: UNSUPPORTED },
  {
    in: ["make in an unknown version", "add in an unknown version", "ask in another version"],
    field: "status",
    ours: "412",
    theirs: "400",
    because: UNSUPPORTED,
  },
  {
    in: ["make of more than numbers can say"],
    field: "status",
    ours: "413",
    theirs: "400",
    because:
      "If the length of the upload exceeds the maximum, the Server MUST respond with the 413 Request Entity Too Large status.",
  },
  {
    in: ["make with a space after a comma"],
    field: "status",
    ours: "201",
    theirs: "400",
    because:
      "The Upload-Metadata header MUST consist of one or more comma-separated key-value pairs. (In HTTP a list may have spaces there.)",
  },
  {
    in: ["make with bytes of another type"],
    field: "status",
    ours: "415",
    theirs: "201",
    because:
      "Similar rules as for the PATCH request and response apply. The Client MUST include the Content-Type: application/offset+octet-stream header.",
  },
  { in: ["make a part"], field: "status", ours: "201", theirs: "501", because: CONCATENATION },
  {
    in: ["make of parts that are not there"],
    field: "status",
    ours: "400",
    theirs: "501",
    because: CONCATENATION,
  },
  { in: ["add without a type"], field: "status", ours: "415", theirs: "403", because: TYPE },
  { in: ["add as another type"], field: "status", ours: "415", theirs: "400", because: TYPE },
  { in: ["add as the type with a parameter"], field: "status", ours: "204", theirs: "400", because: TYPE },
  {
    in: ["add without an offset"],
    field: "status",
    ours: "400",
    theirs: "403",
    because:
      "The Upload-Offset header's value MUST be equal to the current offset of the resource. (403 is for final uploads.)",
  },
  {
    in: ["add behind the end", "a file in two requests"],
    request: "PATCH",
    field: "upload-offset",
    ours: "any",
    theirs: undefined,
    because: "The Upload-Offset request and response header indicates a byte offset within a resource.",
  },
  {
    in: ["add with a wrong checksum"],
    field: "status",
    ours: "460",
    theirs: "204",
    because:
      "460 Checksum Mismatch if the checksums mismatch: the uploaded chunk MUST be discarded, and the upload and its offset MUST NOT be updated.",
  },
  {
    in: ["add with an unknown checksum", "add with a checksum that is no base64"],
    field: "status",
    ours: "400",
    theirs: "204",
    because: "400 Bad Request if the checksum algorithm is not supported by the server.",
  },
  { in: "any", request: "OPTIONS", field: "status", ours: "200", theirs: "204", because: STATUS_200 },
  {
    in: "any",
    request: "OPTIONS",
    field: "tus-extension",
    ours: "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation,concatenation-unfinished",
    theirs: "creation,creation-with-upload,creation-defer-length,termination,expiration",
    because:
      "The Tus-Extension response header MUST be a comma-separated list of the extensions supported by the Server.",
  },
  {
    in: "any",
    request: "OPTIONS",
    field: "tus-checksum-algorithm",
    ours: "sha1,sha256,sha512,md5,crc32",
    theirs: undefined,
    because: "The Tus-Checksum-Algorithm header MUST be included in the response to an OPTIONS request.",
  },
  { in: ["PATCH as POST", "DELETE as POST"], field: "status", ours: "204", theirs: "400", because: OVERRIDE },
  { in: ["HEAD as POST"], field: "status", ours: "200", theirs: "400", because: OVERRIDE },
  {
    in: ["replace an upload"],
    field: "status",
    ours: "405",
    theirs: "404",
    because:
      "(It knows no PUT. RFC 9110 section 15.5.6: the method is known by the origin server but not supported by the target resource.)",
  },
];

const none = await noClients("conversations with @tus/server");

let folder: string;
let ours: TestServer;
let theirs: Program;
beforeAll(async () => {
  if (none) return;
  folder = await mkdtemp(join(tmpdir(), "sluice-tus-server-"));
  theirs = await start([process.execPath, TUS_PEER, folder, "0", "/uploads", `${MAX_SIZE}`]);
  ours = await startServer({ maxFileSize: MAX_SIZE, uploadExpiry: A_DAY });
});
afterAll(async () => {
  if (none) return;
  await theirs?.[Symbol.asyncDispose]();
  await ours?.stop();
  await rm(folder, { recursive: true });
});

/** A detected difference: `name · PATCH 2 · status: 415, not 400`. */
interface Found {
  name: string;
  request: string;
  field: string;
  ours: string | undefined;
  theirs: string | undefined;
}

const isIn = (row: Difference, found: Found): boolean =>
  (row.in === "any" || row.in.includes(found.name)) &&
  (row.request ?? found.request) === found.request &&
  row.field === found.field &&
  (row.ours === "any" ? found.ours !== undefined : row.ours === found.ours) &&
  row.theirs === found.theirs;

/** The differences of a conversation, up to the first response that only one server accepts. */
function differences(name: string, ours: Answer[], theirs: Answer[]): Found[] {
  const found: Found[] = [];
  for (const [at, mine] of ours.entries()) {
    const other: Partial<Answer> = theirs[at] ?? {};
    const parted = mine.status?.startsWith("2") !== other.status?.startsWith("2");
    const fields = parted ? ["status"] : new Set([...Object.keys(mine), ...Object.keys(other)]);
    for (const field of fields)
      if (mine[field] !== other[field])
        found.push({ name, request: mine.request, field, ours: mine[field], theirs: other[field] });
    if (parted) break;
  }
  return found;
}

describe.skipIf(none)("compared with @tus/server", () => {
  const all: Found[] = [];

  test.each(CASES)("%s", async (name, talk) => {
    const mine = new Conversation(`${ours.url}/uploads`);
    const other = new Conversation(`${theirs.firstLine.split(" ").at(-1)}/uploads`);
    await Promise.all([mine, other].map(talk));
    const found = differences(name, mine.answers, other.answers);
    all.push(...found);
    expect(found.filter((one) => !DIFFERENCES.some((row) => isIn(row, one)))).toEqual([]);
  });

  test("every listed difference exists", () => {
    const gone = DIFFERENCES.flatMap((row) => {
      const names = row.in === "any" ? [undefined] : row.in;
      return names
        .filter((name) => !all.some((one) => isIn(row, one) && (name === undefined || one.name === name)))
        .map((name) => ({ ...row, in: name }));
    });
    expect(gone).toEqual([]);
  });
});
