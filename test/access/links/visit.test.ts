// Tokens of links and cookies of visits: only this database can make them, and only for one link.

import { expect, test } from "bun:test";
import { EMPTY_SNAPSHOT, type Link } from "../../../src/access/database/snapshot.ts";
import { linkOfToken, tokenOf, withoutSeals } from "../../../src/access/links/token.ts";
import { folderOfVisit, openVisit, sealVisit, VISIT_LIFETIME } from "../../../src/access/links/visit.ts";
import { checkFolderPath } from "../../../src/path.ts";

const linkKey = new Uint8Array(32).fill(7);
const link: Link = {
  id: "abcdEFGH",
  account: "anna",
  serial: 0,
  path: checkFolderPath("home"),
  kind: "drop",
  password: null,
  note: "",
  created: 0,
  expires: null,
  downloadsLeft: null,
  bytesLeft: null,
  filesLeft: null,
  largest: null,
  rate: null,
  askName: false,
  revoked: false,
};
const snapshot = { ...EMPTY_SNAPSHOT, linkKey, links: new Map([[link.id, link]]) };
const visit = { id: "12345678", began: Date.UTC(2026, 4, 1, 23, 59), name: "Anna", unlocked: true };

test("a token is the id and 22 characters, and changes with the serial and the key", () => {
  const token = tokenOf(linkKey, link);
  expect(token).toMatch(/^abcdEFGH[\w-]{22}$/);
  expect(linkOfToken(snapshot, token)).toBe(link);
  const renewed = new Map([[link.id, { ...link, serial: 1 }]]);
  expect(linkOfToken({ ...snapshot, links: renewed }, token)).toBeNull();
  expect(linkOfToken({ ...snapshot, linkKey: new Uint8Array(32) }, token)).toBeNull();
  for (const wrong of ["", link.id, `${token}A`, token.slice(1), token.toLowerCase(), `${"é".repeat(30)}`])
    expect(linkOfToken(snapshot, wrong)).toBeNull();
});

test("logs get the id without the seal, wherever it is in a path", () => {
  const token = tokenOf(linkKey, link);
  for (const [path, written] of [
    [`/s/${token}`, "/s/abcdEFGH…"],
    [`/base/s/${token}/files/a.txt`, "/base/s/abcdEFGH…/files/a.txt"],
    [`/s/${token}x/files/s/short`, "/s/abcdEFGH…/files/s/short"],
    ["/files/s/photos", "/files/s/photos"],
  ] as const)
    expect(withoutSeals(path)).toBe(written);
});

test("a visit holds for a day, for one link, and until its password or its address changes", () => {
  const cookie = sealVisit(linkKey, link, visit);
  const open = (other: Partial<Link>, now = visit.began) =>
    openVisit(linkKey, { ...link, ...other }, cookie, now);
  expect(open({})).toEqual(visit);
  expect(open({ note: "edited" }, visit.began + VISIT_LIFETIME - 1)).toEqual(visit);
  expect(open({}, visit.began + VISIT_LIFETIME)).toBeNull();
  // The clock was set back.
  expect(open({}, visit.began - 1)).toBeNull();
  for (const other of [{ id: "abcdEFGI" }, { serial: 1 }, { password: "hash" }])
    expect(open(other)).toBeNull();
  for (const wrong of ["", ".", `${cookie}x`, cookie.slice(1), "x".repeat(5000)])
    expect(openVisit(linkKey, link, wrong, visit.began)).toBeNull();
});

test("the folder of a visit has the date, the name if there is one, and the receipt", () => {
  expect(folderOfVisit(visit)).toBe("2026-05-01 Anna 12345678");
  expect(folderOfVisit({ ...visit, name: "" })).toBe("2026-05-01 12345678");
});
