// sluice backup: a copy of the database of accounts, also beside a running server.

import { closeSync, fsyncSync, linkSync, lstatSync, openSync, unlinkSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { databaseError } from "../../access/database/open.ts";
import { newId } from "../../access/secrets.ts";
import { quoted } from "../../suggest.ts";
import { errnoOf } from "../../system/errno.ts";
import { formatBytes } from "../../units.ts";
import { CommandFailed } from "../console/console.ts";
import type { Work } from "../console/work.ts";
import type { Run } from "./run.ts";

export function backup(run: Run): Command {
  return new Command("backup")
    .argument("<file>", "the file to write, which must not exist")
    .description("Copy accounts, grants, tokens, links and quotas into a file, also while the server runs")
    .addHelpText(
      "after",
      "\nThe copy holds the hashes of passwords and the key of all links: keep it like a\npassword.\n\nTo restore: stop the server, put the copy in the place of .sluice/access.db in\nthe root, remove access.db-wal and access.db-shm beside it, give the file to the\nuser of the server, and start the server.",
    )
    .action(run(copy));
}

function copy(work: Work, text: string): void {
  const { database, console, settings } = work;
  if (!database)
    throw new CommandFailed(
      `There is nothing to copy: the root ${settings.named} has no accounts, links or quotas.`,
    );
  const file = resolve(console.folder, text);
  const partial = join(dirname(file), `.${basename(file)}.${newId()}`);
  try {
    // SQLite writes into an empty file, and would create one with the rights of the umask.
    closeSync(openSync(partial, "wx", 0o600));
  } catch (error) {
    throw new CommandFailed(`The copy cannot be written to ${quoted(text)}: ${reasonOf(error)}.`);
  }
  try {
    database.run("VACUUM INTO ?", [partial]);
    sync(partial);
    // A name that exists is never replaced.
    linkSync(partial, file);
    sync(dirname(file));
  } catch (error) {
    if (errnoOf(error) === "EEXIST")
      throw new CommandFailed(`${quoted(text)} exists already; choose another name, or remove it first.`);
    if (errnoOf(error)?.startsWith("SQLITE")) throw databaseError(settings.file, error);
    throw new CommandFailed(`The copy cannot be written to ${quoted(text)}: ${reasonOf(error)}.`);
  } finally {
    unlinkSync(partial);
  }
  const { size } = lstatSync(file);
  work.print(
    { file, bytes: size },
    `Copied the database to ${text} (${formatBytes(size)}). It holds hashes of passwords: keep it like a password.\n`,
  );
}

function sync(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function reasonOf(error: unknown): string {
  const code = errnoOf(error);
  if (code === "ENOENT") return "its folder does not exist";
  if (code === "ENOTDIR") return "a part of the path is no folder";
  if (code === "EACCES" || code === "EPERM") return "this user may not write there";
  if (code === "ENOSPC") return "the disk is full";
  if (code === "EROFS") return "that file system is read-only";
  return code ?? "unknown error";
}
