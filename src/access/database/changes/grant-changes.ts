// The change of rules, which `sluice grant` and imports make. It is a function of an open database, and one transaction.

import type { Database } from "bun:sqlite";
import { formatWords, type Words } from "../../words.ts";
import { ChangeRefused } from "./refused.ts";

/**
 * Sets the rule of a subject at a path.
 * @param words null removes the rule, so that the one above counts again
 * @throws ChangeRefused missing, for an account or a team that does not exist
 */
export function setGrant(
  database: Database,
  { subject, path, words }: { subject: string; path: string; words: Words | null },
): void {
  database
    .transaction(() => {
      if (words === null) {
        database.run("DELETE FROM grants WHERE subject = ? AND path = ?", [subject, path]);
        return;
      }
      requireSubject(database, subject);
      database.run(
        "INSERT INTO grants (subject, path, words) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET words = excluded.words",
        [subject, path, formatWords(words)],
      );
    })
    .immediate();
}

function requireSubject(database: Database, subject: string): void {
  if (subject === "anyone") return;
  const known = subject.startsWith("@")
    ? database.query("SELECT 1 FROM members WHERE team = ?").get(subject.slice(1))
    : database.query("SELECT 1 FROM accounts WHERE name = ?").get(subject);
  if (known) return;
  const names = database
    .query<{ name: string }, []>(
      "SELECT name FROM (SELECT name FROM accounts UNION SELECT DISTINCT '@' || team FROM members) ORDER BY name LIMIT 20",
    )
    .all()
    .map(({ name }) => name);
  throw new ChangeRefused(
    "missing",
    `There is no account or team ${JSON.stringify(subject)}. Use one of: ${["anyone", ...names].join(", ")}.`,
  );
}
