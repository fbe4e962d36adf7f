// The text file at the end of an archive that names the entries left out of it.

import { SKIP_REASONS, type SkippedEntries } from "../../storage/listing/skipped.ts";

/** Names for the file: the second one when an entry of the archive has the first. */
export const NOTE_NAMES = ["not-in-this-archive.txt", "not-in-this-archive (Sluice).txt"] as const;

/** The content of the file. @param nameOf the name that the entry of a path would have in the archive: it tells nothing of folders above */
export function skippedNote(
  { count, first }: SkippedEntries,
  nameOf: (path: string) => string,
): Uint8Array<ArrayBuffer> {
  const entries = count === 1 ? "1 entry is" : `${count} entries are`;
  const lines = first.map(({ path, reason }) => `"${nameOf(path)}": ${SKIP_REASONS[reason]}`);
  const more = count > first.length ? [`and ${count - first.length} more`] : [];
  const text = [
    `${entries} not in this archive; of a folder, also everything below it.`,
    "",
    ...lines,
    ...more,
    "",
  ];
  return new TextEncoder().encode(text.join("\n"));
}
