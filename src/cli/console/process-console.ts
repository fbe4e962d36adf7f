// The console of this process.

import { errnoOf } from "../../system/errno.ts";
import { CommandFailed, type Console, WrongUse } from "./console.ts";

const INTERRUPT = "\u0003";
const END = "\u0004";
const BACKSPACE = ["\u0008", "\u007f"];

export function processConsole(): Console {
  const { stdin, stdout, stderr } = process;
  // EPIPE: the reader of the pipe, such as head, has closed it. The command has done its work by then.
  stdout.on("error", (error) => {
    if (errnoOf(error) !== "EPIPE") throw error;
  });
  return {
    terminal: {
      interactive: stdout.isTTY === true,
      colours: stdout.isTTY === true && !process.env.NO_COLOR,
      columns: stdout.columns ?? 80,
    },
    env: process.env,
    folder: process.cwd(),
    out: (text) => void stdout.write(text),
    note: (text) => void stderr.write(text),
    line: async (limit) => (stdin.isTTY ? undefined : await firstLine(Bun.stdin.stream(), limit)),
    secret: async (question) => {
      if (!stdin.isTTY)
        throw new WrongUse("a password is asked for on a terminal; elsewhere pipe it and add --password -");
      try {
        return await hiddenLine(stdin, () => stderr.write(question));
      } finally {
        stderr.write("\n");
      }
    },
  };
}

/** The text before the first line break. @throws CommandFailed when it is longer than `limit` bytes */
async function firstLine(stream: ReadableStream<Uint8Array>, limit: number): Promise<string> {
  const bytes: number[] = [];
  for await (const chunk of stream) {
    const end = chunk.indexOf(10);
    bytes.push(...chunk.subarray(0, end === -1 ? Math.min(chunk.length, limit + 1) : end));
    if (bytes.length > limit)
      throw new CommandFailed(`The line on standard input is longer than ${limit} bytes.`);
    if (end !== -1) break;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(bytes)).replace(/\r$/, "");
  } catch {
    throw new CommandFailed("The line on standard input is not UTF-8.");
  }
}

/**
 * A line typed on a terminal that does not show it; undefined after Ctrl-C.
 * @param ask called when the terminal shows nothing any more: an answer may come at once
 */
async function hiddenLine(stdin: typeof process.stdin, ask: () => void): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let typed: string[] = [];
  const read = (text: string): void => {
    for (const key of text) {
      if (key === "\r" || key === "\n" || key === END) resolve(typed.join(""));
      else if (key === INTERRUPT) resolve(undefined);
      else if (BACKSPACE.includes(key)) typed = typed.slice(0, -1);
      else typed.push(key);
    }
  };
  const over = (): void => resolve(undefined);
  stdin.setEncoding("utf8");
  stdin.setRawMode(true);
  stdin.on("data", read).on("end", over).resume();
  ask();
  try {
    return await promise;
  } finally {
    stdin.off("data", read).off("end", over).pause();
    stdin.setRawMode(false);
  }
}
