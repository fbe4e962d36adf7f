// The events that a program gets when it watches a folder with inotify(7).

import { dlopen } from "bun:ffi";
import { closeSync, readSync } from "node:fs";

const EVENTS = new Map([
  [0x4, "ATTRIB"],
  [0x8, "CLOSE_WRITE"],
  [0x40, "MOVED_FROM"],
  [0x80, "MOVED_TO"],
  [0x100, "CREATE"],
  [0x200, "DELETE"],
]);
const MASK = [...EVENTS.keys()].reduce((all, event) => all | event, 0);
const IN_NONBLOCK = 0o4000;
const HEADER = 16;

/** Events of one folder, subfolders not included. */
export class Watch implements Disposable {
  readonly #fd: number;
  /** Events so far, such as "MOVED_TO a.txt". */
  readonly #seen: string[] = [];

  constructor(folder: string) {
    const { symbols, close } = dlopen("libc.so.6", {
      inotify_init1: { args: ["i32"], returns: "i32" },
      inotify_add_watch: { args: ["i32", "cstring", "u32"], returns: "i32" },
    });
    this.#fd = symbols.inotify_init1(IN_NONBLOCK);
    const watch = symbols.inotify_add_watch(this.#fd, Buffer.from(`${folder}\0`), MASK);
    close();
    if (watch < 0) throw new Error(`inotify_add_watch() failed for ${folder}`);
  }

  /** Everything seen so far. The kernel has queued an event before the call that caused it returns. */
  get seen(): readonly string[] {
    const buffer = Buffer.alloc(64 * 1024);
    for (;;) {
      let length: number;
      try {
        length = readSync(this.#fd, buffer);
      } catch {
        // EAGAIN: none is queued.
        return this.#seen;
      }
      for (let at = 0; at < length; ) {
        const [mask, size] = [buffer.readUInt32LE(at + 4), buffer.readUInt32LE(at + 12)];
        const [name = ""] = buffer.toString("utf8", at + HEADER, at + HEADER + size).split("\0", 1);
        for (const [bit, event] of EVENTS) if (mask & bit) this.#seen.push(`${event} ${name}`);
        at += HEADER + size;
      }
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
