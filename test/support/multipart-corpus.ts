// Multipart bodies collected by Kludex/python-multipart, with Sluice's expected result; the folder is outside the repository.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PartProblem } from "../../src/http/multipart/parser.ts";

const FOLDER = join(import.meta.dir, "../../../shared/data/python-multipart");

/** Why {@link corpus} is null, for the output of a skipped test. */
export const CORPUS_MISSING = "the folder shared/data/python-multipart is not beside the repository";

export interface CorpusPart {
  name: string;
  filename?: string;
  contentType?: string;
  data: Uint8Array<ArrayBuffer>;
  /** Whether only this part is refused. */
  problem?: PartProblem;
}

export interface CorpusCase {
  name: string;
  boundary: string;
  body: Uint8Array<ArrayBuffer>;
  /** The parts in order, or "broken" when the body must be refused. */
  expected: CorpusPart[] | "broken";
  /** The rule that justifies an `expected` value that differs from the collection's. */
  differs?: string;
}

const NOT_DECODED =
  "RFC 7578 section 4.7 deprecates Content-Transfer-Encoding and form senders do not use it: that parser decodes it, Sluice refuses the part";

interface Difference {
  because: string;
  boundary?: string;
  change?: (parts: CorpusPart[]) => CorpusPart[];
}

/** Cases where python-multipart deviates from the RFCs: Sluice's result, and the reason. */
const DIFFERENCES: Record<string, Difference> = {
  bad_initial_boundary: {
    because:
      'RFC 2046 section 5.1.1: implementations "must ignore anything that appears before the first boundary delimiter line", here all but the last line',
    change: () => [],
  },
  base64_encoding: { because: NOT_DECODED, change: refuse("file") },
  quoted_printable_encoding: { because: NOT_DECODED, change: refuse("file") },
  mixed_case_headers: { because: NOT_DECODED, change: refuse("field1", "field2", "Field3") },
  single_field_blocks: {
    because:
      'RFC 2046 section 5.1.1: dash-boundary := "--" boundary. The body has the line `--boundary`, so its boundary is `boundary`; that parser never runs the case with the one listed',
    boundary: "boundary",
  },
  mixed_plain_and_base64_encoding: { because: NOT_DECODED, change: refuse("field1", "field3") },
};

/** All cases, by name; null where the folder is absent. */
export function corpus(): CorpusCase[] | null {
  if (!existsSync(FOLDER)) return null;
  const names = readdirSync(FOLDER).filter((file) => file.endsWith(".http"));
  return names.sort().map((file) => readCase(file.slice(0, -".http".length)));
}

function readCase(name: string): CorpusCase {
  const description: unknown = Bun.YAML.parse(readFileSync(join(FOLDER, `${name}.yaml`), "utf8"));
  const body = new Uint8Array(readFileSync(join(FOLDER, `${name}.http`)));
  const difference = DIFFERENCES[name];
  const boundary = difference?.boundary ?? text(field(description, "boundary"));
  const listed = field(description, "expected");
  const theirs = Array.isArray(listed) ? listed.map(readPart) : "broken";
  if (!difference) return { name, boundary, body, expected: theirs };
  const parts = theirs === "broken" ? [] : theirs;
  return { name, boundary, body, expected: difference.change?.(parts) ?? parts, differs: difference.because };
}

function readPart(part: unknown): CorpusPart {
  const filename = field(part, "file_name");
  const contentType = field(part, "content_type");
  return {
    name: text(field(part, "name")),
    ...(filename !== undefined && { filename: text(filename) }),
    ...(contentType !== undefined && { contentType: text(contentType) }),
    data: new Uint8Array(Buffer.from(text(field(part, "data")), "base64")),
  };
}

function refuse(...names: string[]) {
  return (parts: CorpusPart[]): CorpusPart[] =>
    parts.map((part) => (names.includes(part.name) ? { ...part, problem: "transfer_encoding" } : part));
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`Cannot read the collection: ${value} is not text`);
  return value;
}
