// Media types: by the extension, by the first bytes where the extension says nothing, and never what would run as a page.

import { expect, test } from "bun:test";
import { checkFilePath } from "../../../../src/path.ts";
import { mediaTypeOf, policyOf } from "../../../../src/routes/support/download/media-type.ts";

/** The type of a file with this name and content. */
function typeOf(name: string, content: string | Uint8Array<ArrayBuffer> = "text\n"): Promise<string> {
  const body = new Blob([content]);
  const entry = {
    kind: "file",
    path: checkFilePath(name),
    size: body.size,
    modified: new Date(),
    etag: '"a"',
  } as const;
  return mediaTypeOf({ entry, body });
}

const TEXT = "text/plain; charset=utf-8";
const BYTES = "application/octet-stream";

test.each([
  ["film.mkv", "video/x-matroska"],
  ["film.MP4", "video/mp4"],
  ["film.m4v", "video/x-m4v"],
  ["film.avi", "video/x-msvideo"],
  ["song.flac", "audio/flac"],
  ["list.m3u8", "application/vnd.apple.mpegurl"],
  ["film.srt", "application/x-subrip"],
  ["run.sh", TEXT],
  ["a.py", TEXT],
  ["a.c", TEXT],
  ["a.go", TEXT],
  ["a.rs", TEXT],
  ["a.ts", TEXT],
  ["a.js", TEXT],
  ["a.mjs", TEXT],
  ["a.ecma", TEXT],
  ["A.java", TEXT],
  ["README", TEXT],
  ["LICENSE", TEXT],
  [".gitignore", TEXT],
  ["a.txt~", TEXT],
  ["html", TEXT],
  ["folder.html/svg", TEXT],
  ["a.html", "text/html; charset=utf-8"],
  ["a.json", "application/json"],
])("%s is %s", async (name, type) => expect(await typeOf(name)).toBe(type));

test.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
  ["nothing", "", TEXT],
  ["tabs, line ends and colours", "a\tb\r\n\f\x1b[31mred", TEXT],
  ["a mark of its encoding", "\ufeffa", TEXT],
  ["a letter cut by the limit", `${"a".repeat(1023)}é${"a".repeat(9)}`, TEXT],
  ["bytes behind the limit", `${"a".repeat(1024)}\0`, TEXT],
  ["a NUL", "a\0", BYTES],
  ["a control character", "a\x02", BYTES],
  ["a delete", "a\x7f", BYTES],
  ["a letter cut by the end", new Uint8Array([0x61, 0xc3]), BYTES],
  ["Latin-1", new Uint8Array([0x61, 0xe4, 0x62]), BYTES],
  ["UTF-16", new Uint8Array([0xff, 0xfe, 0x61, 0x00]), BYTES],
])("a file without an extension that holds %s", async (_, content, type) => {
  expect(await typeOf("unknown", content)).toBe(type);
  expect(await typeOf("unknown.qqq", content)).toBe(type);
});

test("a .ts file is video if it is no text", async () => {
  const packet = new Uint8Array(188);
  packet[0] = 0x47;
  expect(await typeOf("film.ts", packet)).toBe("video/mp2t");
  expect(await typeOf("film.m2ts", packet)).toBe("video/mp2t");
});

test("only what cannot run as a page is shown without a sandbox", () => {
  for (const type of [
    "video/mp4",
    "audio/mpeg",
    "image/png",
    "image/vnd.microsoft.icon",
    TEXT,
    "application/pdf",
  ])
    expect(policyOf(type)).toStartWith("default-src 'none';");
  for (const type of [
    "text/html; charset=utf-8",
    "image/svg+xml",
    "application/xml",
    "text/xml; charset=utf-8",
    "application/xhtml+xml",
    "message/rfc822",
    "text/css; charset=utf-8",
    "text/plainer",
    BYTES,
    "",
  ])
    expect(policyOf(type)).toStartWith("sandbox; default-src 'none';");
});
