// Checks the subjects of commits against CONTRIBUTING.md: a type, a scope, one change.

import { expect, test } from "bun:test";
import { skipped } from "../support/switches.ts";
import { noHistory, output } from "./git.ts";

/** The rule applies to all commits after this one. */
const BEFORE = "0888fca";
const SUBJECT = /^(?:feat|fix|perf|refactor|docs|test|ci|chore|bench)\([^()\s]+\): [^;]+$/;

const reason =
  noHistory ??
  (output("git", "rev-parse", "--verify", "--quiet", `${BEFORE}^{commit}`) === ""
    ? "this clone is shallow and does not hold the commit that the rule begins after"
    : null);
if (reason) skipped("subjects of commits", reason, "git fetch --unshallow");

test.skipIf(reason !== null)("every commit names its type, its scope and one change", () => {
  const subjects = output("git", "log", "--no-merges", "--format=%s", `${BEFORE}..HEAD`);
  expect(subjects.split("\n").filter((subject) => subject !== "" && !SUBJECT.test(subject))).toEqual([]);
});

test.each([
  ["fix(writer): the last batch is written when the disk was full before", true],
  ["fix(writer): one change; fix(reader): another one", false],
  ["fix: no scope", false],
  ["Update README.md", false],
])("%j is a subject: %p", (subject, right) => {
  expect(SUBJECT.test(subject)).toBe(right);
});
