// sluice hook: webhooks and commands that are told what happens, or asked before uploads.

import { randomBytes } from "node:crypto";
import { isAbsolute } from "node:path";
import { Command } from "commander";
import type { Hook } from "../../access/database/snapshot.ts";
import { argumentsIn } from "../../hooks/command.ts";
import { EVENTS, type HookEvent } from "../../hooks/event.ts";
import { Hooks } from "../../hooks/hooks.ts";
import { SECRET_PREFIX } from "../../hooks/webhook.ts";
import { instead, quoted } from "../../suggest.ts";
import { durationValue, pathIn } from "../console/arguments.ts";
import { CommandFailed, WrongUse } from "../console/console.ts";
import { shownPath, table } from "../console/table.ts";
import type { Work } from "../console/work.ts";
import type { Run } from "./run.ts";

/** Seconds. */
const TIMEOUT = 15;

interface AddFlags {
  path?: string;
  timeout?: number;
}

export function hook(run: Run): Command {
  const command = new Command("hook").description("Hooks: programs and websites that are told what happens");
  command
    .command("add <events> <target...>")
    .description("Add a hook: a URL, or the absolute path of a program with its arguments after --")
    .option("--path <path>", "Only what happens at this path and below it (default: /)")
    .option("--timeout <time>", `Time for an answer (default: ${TIMEOUT}s)`, durationValue("1s", "1h"))
    .addHelpText(
      "after",
      `\nEvents, separated by commas:\n  ${EVENTS.join("\n  ")}\n\nupload.before asks: a program that ends with another code than 0, or a URL that\nanswers 4xx, refuses the upload.\n\nExamples:\n  sluice hook add upload.saved,entry.deleted https://example.org/hook\n  sluice hook add upload.before --path inbox -- /usr/local/bin/scan --quiet`,
    )
    .action(run(add));
  command.command("list").description("List the hooks").action(run(list));
  command.command("remove <id>").description("Remove a hook and what waits for it").action(run(remove));
  command
    .command("test <id>")
    .description("Tell a hook of a made-up event, and print its answer")
    .action(run(test));
  return command;
}

function add(work: Work, text: string, target: readonly string[], flags: AddFlags): void {
  const events = eventsIn(text);
  const url =
    target.length === 1 && /^https?:\/\//i.test(target[0] ?? "") ? URL.parse(target[0] ?? "") : null;
  const [program = ""] = target;
  if (!url && !isAbsolute(program))
    throw new WrongUse(`${quoted(program)} is neither a URL nor the absolute path of a program`);
  const secret = url ? SECRET_PREFIX + randomBytes(32).toString("base64") : null;
  const made = {
    events,
    path: pathIn(work, flags.path ?? "/"),
    kind: url ? "webhook" : "command",
    target: url ? url.href : JSON.stringify(target),
    secret,
    timeout: flags.timeout ?? TIMEOUT,
  } as const;
  const id = work.change("addHook", made);
  const about = `The hook ${id} is told of ${events.join(", ")} at ${shownPath(made.path)}. Test it: sluice hook test ${id}\n`;
  if (secret === null) work.print({ ...made, id }, about);
  else
    work.printOnce(
      { ...made, id },
      secret,
      `${about}Its events are signed with this secret as Standard Webhooks says; it is shown once.\n`,
    );
}

function list(work: Work): void {
  const { hooks } = work.snapshot;
  const rows = hooks.map((one) => [
    one.id,
    one.events.join(","),
    shownPath(one.path),
    targetOf(one),
    `${one.timeout} s`,
  ]);
  work.printList(
    hooks.map(shown),
    table(work.console, ["Id", "Events", "Path", "Target", "Timeout"], rows),
    "sluice hook add EVENTS URL",
  );
}

function remove(work: Work, id: string): void {
  const found = find(work, id);
  work.change("removeHook", { id });
  work.print(shown(found), `Removed the hook ${id}.\n`);
}

async function test(work: Work, id: string): Promise<void> {
  const found = find(work, id);
  const event: HookEvent = {
    type: EVENTS.find((type) => found.events.includes(type)) ?? "upload.saved",
    path: found.path === "" ? "test.txt" : `${found.path}/test.txt`,
    size: 0,
    by: { account: null, via: "command", credential: null, address: null },
    time: new Date().toISOString(),
    request: null,
  };
  const { end, reason } = await Hooks.deliver(found, `msg_test_${id}`, event, work.settings.root);
  if (end !== "done") throw new CommandFailed(`The hook ${id} did not take ${event.type}: ${reason}`);
  work.print({ id, event, end }, `The hook ${id} took ${event.type}.\n`);
}

function find(work: Work, id: string): Hook {
  const { hooks } = work.snapshot;
  const found = hooks.find((one) => one.id === id);
  if (found) return found;
  throw work.missing(
    "hook",
    id,
    hooks.map((one) => one.id),
  );
}

/** @throws WrongUse that names the nearest event */
function eventsIn(text: string): string[] {
  return text.split(",").map((name) => {
    const event = EVENTS.find((one) => one === name.trim());
    if (event) return event;
    throw new WrongUse(`${quoted(name)} is no event; ${instead(name, EVENTS)}`);
  });
}

function targetOf({ kind, target }: Hook): string {
  return kind === "webhook" ? target : argumentsIn(target).join(" ");
}

/** Without its secret. */
function shown({ id, events, path, kind, target, timeout }: Hook) {
  return { id, events, path, kind, target: kind === "webhook" ? target : argumentsIn(target), timeout };
}
