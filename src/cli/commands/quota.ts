// sluice quota: how much a folder may hold.

import { Command } from "commander";
import { formatBytes } from "../../units.ts";
import { pathIn, sizeValue } from "../console/arguments.ts";
import { shownPath, table } from "../console/table.ts";
import type { Work } from "../console/work.ts";
import type { Run } from "./run.ts";

export function quota(run: Run): Command {
  const command = new Command("quota").description("Quotas: how many bytes a folder may hold");
  command
    .command("set", { isDefault: true })
    .argument("<path>")
    .argument("<size>", "such as 50GB", sizeValue)
    .description("Set the quota of a folder and everything below it; `set` may be left out")
    .action(run(set));
  command.command("list").description("List the quotas").action(run(list));
  command.command("remove <path>").description("Remove the quota of a folder").action(run(remove));
  return command;
}

function set(work: Work, text: string, bytes: number): void {
  const path = pathIn(work, text);
  work.change("setQuota", { path, bytes });
  work.print({ path, bytes }, `${shownPath(path)} may hold ${formatBytes(bytes)}.\n`);
}

function list(work: Work): void {
  const { quotas } = work.snapshot;
  const rows = quotas.map(({ path, bytes }) => [shownPath(path), formatBytes(bytes)]);
  work.printList(quotas, table(work.console, ["Path", "Quota"], rows), "sluice quota PATH SIZE");
}

function remove(work: Work, text: string): void {
  const path = pathIn(work, text);
  const { quotas } = work.snapshot;
  const found = quotas.find((one) => one.path === path);
  if (!found)
    throw work.missing(
      "quota",
      shownPath(path),
      quotas.map((one) => shownPath(one.path)),
    );
  work.change("setQuota", { path, bytes: null });
  work.print(found, `Removed the quota of ${shownPath(path)}.\n`);
}
