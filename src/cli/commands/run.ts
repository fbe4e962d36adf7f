// Connects the action of a command with its database and its exit code.

import type { Command } from "commander";
import type { Console } from "../console/console.ts";
import type { GlobalFlags } from "../console/settings.ts";
import { Work } from "../console/work.ts";

/**
 * Makes the action of a command from a function of the work, the arguments and the flags. The database is closed when the
 * action ends.
 */
export type Run = <Given extends readonly unknown[]>(
  action: (work: Work, ...given: Given) => void | Promise<void>,
) => (...words: [...Given, ...unknown[]]) => Promise<void>;

export function runner(console: Console, program: Command): Run {
  return (action) =>
    async (...words) => {
      using work = await Work.begin(console, program.opts<GlobalFlags>());
      // Commander appends the flags and the command to the arguments; an action takes as many as it names.
      await Reflect.apply(action, undefined, [work, ...words]);
    };
}
