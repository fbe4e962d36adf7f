// Reads a small text file as a whole.

import { type Calls, closeQuietly } from "./calls.ts";
import { READ_EXISTING } from "./open-flags.ts";

/** Does not follow a link in the last segment. @throws the system's error, ENOENT when there is no file */
export async function readText(calls: Calls, path: string): Promise<string> {
  const fd = await calls.open(path, READ_EXISTING);
  return await calls.text(fd).finally(() => closeQuietly(calls, fd));
}
