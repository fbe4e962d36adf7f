// Reads the command line of dufs: accounts with their paths, and what is allowed at all.

import type { Word } from "../../../config/config.ts";
import { quoted } from "../../../suggest.ts";
import { listenOptions } from "../listen-options.ts";
import { Findings, type Imported } from "../model.ts";
import { readArguments, type Syntax } from "./arguments.ts";
import { readAuth } from "./dufs-auth.ts";

const SYNTAX: Syntax = {
  config: { value: true, short: "c" },
  bind: { value: true, short: "b" },
  port: { value: true, short: "p" },
  "path-prefix": { value: true },
  hidden: { value: true },
  auth: { value: true, short: "a" },
  "auth-method": { value: true },
  "allow-all": { value: false, short: "A" },
  "allow-upload": { value: false },
  "allow-delete": { value: false },
  "allow-search": { value: false },
  "allow-symlink": { value: false },
  "allow-archive": { value: false },
  "allow-hash": { value: false },
  "enable-cors": { value: false },
  "render-index": { value: false },
  "render-try-index": { value: false },
  "render-spa": { value: false },
  assets: { value: true },
  "log-format": { value: true },
  "log-file": { value: true },
  compress: { value: true },
  "tls-cert": { value: true },
  "tls-key": { value: true },
};

const RENDER = "Sluice shows its own page for a folder; it does not serve index.html.";
/** Flags that have no equivalent, and what to do. */
const LEFT_OUT = new Map<string, string>(
  Object.entries({
    config: "The file is not read; give what it says as arguments.",
    hidden: "Nothing can be hidden by its name; refuse a folder: sluice grant NAME /folder none",
    "auth-method": "Sluice logs in by a page, by Basic or by a token, never by Digest.",
    "allow-symlink": "Links that lead out of the root are never followed; use a bind mount.",
    "enable-cors": "No website may call the server unless it is named: --cors https://example.org.",
    "render-index": RENDER,
    "render-try-index": RENDER,
    "render-spa": RENDER,
    assets: "The page cannot be replaced.",
    "log-format": "Use --log json for lines that programs read.",
    "log-file": "Log lines go to standard error; redirect it.",
    compress: "Archives are not compressed, so that their size is known beforehand.",
    "tls-cert": "Start sluice with --tls-cert, too (docs/tls.md).",
    "tls-key": "Start sluice with --tls-key, too (docs/tls.md).",
  }),
);
/** Flags whose effect Sluice always has for those who may list or read. */
const ALWAYS = ["allow-search", "allow-archive", "allow-hash"];

/** @throws ImportError */
export function readDufs(argv: readonly string[]): Imported {
  const { known, unknown, words } = readArguments(argv, SYNTAX, false);
  const findings = new Findings();
  const values = (name: string): string[] =>
    known.filter((flag) => flag.name === name).map(({ value }) => value);
  const has = (name: string): boolean => known.some((flag) => flag.name === name);
  for (const { name, value } of known) {
    const reason = LEFT_OUT.get(name);
    if (reason) findings.add(`option --${name}${value && ` ${quoted(value)}`}`, reason);
  }
  for (const { name } of unknown) findings.add(`option ${quoted(name)}`, "It is not an option of dufs.");
  for (const word of words.slice(1))
    findings.add(quoted(word), "dufs serves one folder; this one is left out.");
  if (!has("allow-all") && !ALWAYS.every(has))
    findings.add(
      "search, archives and digests",
      "Who may list may also search, and who may read may also have these.",
    );

  const upload = has("allow-all") || has("allow-upload");
  const remove = has("allow-all") || has("allow-delete");
  const writable: Word[] = [
    "list",
    "read",
    ...(upload ? (["write"] as const) : []),
    // dufs replaces a file only where it could also delete it.
    ...(upload && remove ? (["replace"] as const) : []),
    ...(remove ? (["delete"] as const) : []),
  ];
  const { accounts, rules } = readAuth(values("auth"), writable, findings);
  return {
    root: words[0] ?? ".",
    options: listenOptions(
      {
        addresses: values("bind").flatMap((value) => value.split(",")),
        port: values("port").at(-1) ?? "5000",
        basePath: values("path-prefix").at(-1),
      },
      findings,
    ),
    mounts: [],
    accounts,
    rules,
    links: [],
    findings: findings.list,
    findingsOmitted: findings.omitted,
  };
}
