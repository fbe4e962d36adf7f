// sluice import: accounts, rules and links of other servers.

import { resolve } from "node:path";
import { Command } from "commander";
import { readCopyparty } from "../../access/import/arguments/copyparty.ts";
import { readDufs } from "../../access/import/arguments/dufs.ts";
import { command, script } from "../../access/import/commands.ts";
import { readDatabaseFile } from "../../access/import/filebrowser/database-file.ts";
import { readFilebrowser } from "../../access/import/filebrowser/filebrowser.ts";
import { ImportError, type Imported } from "../../access/import/model.ts";
import { rootEntries } from "../../access/import/root-entries.ts";
import { type SavedLink, saveImport } from "../../access/import/save-import.ts";
import { urlOfLink } from "../../access/links/token.ts";
import { quoted } from "../../suggest.ts";
import { CommandFailed, type Console, WrongUse } from "../console/console.ts";
import type { GlobalFlags } from "../console/settings.ts";
import type { Work } from "../console/work.ts";
import { importJson, importText } from "./import-report.ts";
import type { Run } from "./run.ts";

export function importing(run: Run, console: Console): Command {
  const all = new Command("import").description("Take over the accounts of another server");
  all
    .command("filebrowser <file>")
    .description(
      "Add the users, rules and shares of filebrowser's database; run again, it adds nothing twice",
    )
    .action(run(filebrowser));
  for (const [program, read] of Object.entries({ dufs: readDufs, copyparty: readCopyparty }))
    all
      .command(`${program} [arguments...]`)
      .description(`Print the commands that do what arguments of ${program} do; write -- before them`)
      .action((argv: string[], _: unknown, self: Command) => {
        const imported = understood(
          () => read(argv),
          (message) => new WrongUse(message),
        );
        const commands = script(imported, program);
        const { findings, findingsOmitted } = imported;
        const json = JSON.stringify({ commands, findings, findingsOmitted }, null, 2);
        console.out(self.optsWithGlobals<GlobalFlags>().json ? `${json}\n` : commands);
      });
  return all;
}

function filebrowser(work: Work, file: string): void {
  const { root, file: database } = work.settings;
  const imported = understood(
    () => withRoot(readFilebrowser(readDatabaseFile(resolve(work.console.folder, file)), Date.now()), root),
    (message) => new CommandFailed(`${quoted(file)}: ${message}`),
  );
  const result = work.together((access) => saveImport(access, imported, rootEntries(root)));
  const start = command("sluice", root, ...imported.options);
  const { linkKey } = work.snapshot;
  const urlOf = ({ id }: SavedLink): string => work.settings.site + urlOfLink(linkKey, { id, serial: 0 });
  const report = { file, database, start, result, urlOf };
  work.console.out(work.json ? importJson(report) : importText(report, work.console));
}

/** Adds a finding when the other server served another folder: its paths are taken for those below this root. */
function withRoot(imported: Imported, root: string): Imported {
  if (imported.root === undefined || imported.root === root) return imported;
  const detail = `It was ${quoted(imported.root)} and is ${quoted(root)} now. All paths are taken as paths below it.`;
  return { ...imported, findings: [{ about: "root", detail }, ...imported.findings] };
}

/** Runs a reader, whose error says what to do. @param failed makes the error of the command */
function understood(read: () => Imported, failed: (message: string) => Error): Imported {
  try {
    return read();
  } catch (error) {
    throw error instanceof ImportError ? failed(error.message) : error;
  }
}
