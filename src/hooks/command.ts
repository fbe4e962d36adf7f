// Runs one command for an event: a list of arguments without a shell, with a time limit and bounded output.

import { join } from "node:path";
import type { Hook } from "../access/database/snapshot.ts";
import { errnoOf } from "../system/errno.ts";
import type { DeliveryResult, HookEvent } from "./event.ts";

/** Bytes of output that are read; more ends the command. */
const MOST_OUTPUT = 64 * 1024;
const LONGEST_SENTENCE = 500;

/**
 * Runs the command of a hook. The event is in the environment (`SLUICE_EVENT`, `SLUICE_PATH`, …) and as JSON on standard
 * input. Of the server's own environment it gets PATH, HOME, LANG and TZ only. Never throws.
 * @param root the folder that is served
 */
export async function runCommand(
  hook: Hook,
  id: string,
  event: HookEvent,
  root: string,
): Promise<DeliveryResult> {
  const [program = "", ...rest] = argumentsIn(hook.target);
  try {
    await using child = Bun.spawn([program, ...rest], {
      // The root would be a bad place: some programs obey files of the folder they start in.
      cwd: "/",
      env: environmentOf(id, event, root),
      stdin: new Blob([JSON.stringify(event)]),
      stdout: "pipe",
      stderr: "pipe",
      timeout: hook.timeout * 1000,
      killSignal: "SIGKILL",
      maxBuffer: MOST_OUTPUT,
    });
    const [output, complaint, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    if (code === 0) return { end: "done", reason: "" };
    if (child.signalCode !== null)
      return {
        end: "again",
        reason: `The command did not end within ${hook.timeout} s, or printed too much.`,
      };
    const [sentence = ""] = (output.trim() || complaint.trim()).split("\n");
    return {
      end: "refused",
      reason: sentence.slice(0, LONGEST_SENTENCE) || `The command ended with ${code}.`,
    };
  } catch (error) {
    const errno = errnoOf(error);
    return {
      end: "again",
      reason: `The command cannot be started${errno === undefined ? "" : ` (${errno})`}.`,
    };
  }
}

/** The arguments in the text of a hook: a JSON list. @throws SyntaxError */
export function argumentsIn(target: string): string[] {
  const list: unknown = JSON.parse(target);
  return Array.isArray(list) ? list.map(String) : [];
}

function environmentOf(id: string, event: HookEvent, root: string): Record<string, string> {
  const { type, path, to, size, by, time, request } = event;
  const inherited = ["PATH", "HOME", "LANG", "TZ"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(inherited),
    SLUICE_EVENT: type,
    SLUICE_DELIVERY: id,
    SLUICE_PATH: path,
    SLUICE_FILE: join(root, to ?? path),
    ...(to !== undefined && { SLUICE_TO: to }),
    ...(size !== undefined && size !== null && { SLUICE_SIZE: `${size}` }),
    SLUICE_ACCOUNT: by.account ?? "",
    SLUICE_VIA: by.via,
    SLUICE_ADDRESS: by.address ?? "",
    SLUICE_TIME: time,
    SLUICE_REQUEST: request ?? "",
  };
}
