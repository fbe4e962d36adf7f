// Reads archives with other programs and returns the entries that they find.

/** Programs that tests of archives need and that are not installed. */
export const missingUnpackers = ["python3", "unzip", "bsdtar", "7z", "zstd"].filter(
  (name) => !Bun.which(name),
);

/** An archive member as Python reads it. */
export interface Unpacked {
  name: string;
  size: number;
  /** Hash of its bytes, null for a folder. */
  sha256: string | null;
  /** Modification time in seconds since 1970. */
  modified: number;
  mode: number;
}

const PYTHON = `
import calendar, hashlib, json, struct, sys, tarfile, zipfile
def digest(stream):
    sum = hashlib.sha256()
    while True:
        some = stream.read(1 << 20)
        if not some: return sum.hexdigest()
        sum.update(some)
def stamp(entry):
    at = 0
    while at < len(entry.extra):
        kind, length = struct.unpack("<HH", entry.extra[at:at + 4])
        if kind == 0x5455: return struct.unpack("<i", entry.extra[at + 5:at + 9])[0]
        at += 4 + length
    return calendar.timegm(entry.date_time)
found = []
path, read = sys.argv[1], sys.argv[2] == "read"
if zipfile.is_zipfile(path):
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            sha256 = digest(archive.open(entry)) if read and not entry.is_dir() else None
            found.append(dict(name=entry.filename, size=entry.file_size, sha256=sha256, modified=stamp(entry), mode=entry.external_attr >> 16 & 0o777))
else:
    with tarfile.open(path) as archive:
        for entry in archive:
            sha256 = digest(archive.extractfile(entry)) if read and entry.isfile() else None
            found.append(dict(name=entry.name + ("/" if entry.isdir() else ""), size=entry.size, sha256=sha256, modified=entry.mtime, mode=entry.mode))
json.dump(found, sys.stdout)
`;

/** The members of an archive, in order. @param read whether to read and hash their bytes */
export async function unpacked(path: string, read = true): Promise<Unpacked[]> {
  return JSON.parse(await outputOf("python3", "-c", PYTHON, path, read ? "read" : "list"));
}

/** Runs a program and returns its output. @throws Error with its error output if it fails */
export async function outputOf(...command: string[]): Promise<string> {
  // Names are UTF-8, whatever the locale of the machine.
  const env = { ...Bun.env, LC_ALL: "C.UTF-8", TZ: "UTC" };
  const child = Bun.spawn(command, { env, stdout: "pipe", stderr: "pipe" });
  const [code, out, errors] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  if (code !== 0 || errors.trim() !== "")
    throw new Error(`${command[0]} ended with ${code}: ${errors}${out}`);
  return out;
}

/** Reads a whole archive with every program. @throws Error if one of them reports an error */
export async function proveReadable(path: string): Promise<void> {
  const found = await outputOf("bsdtar", "-tf", path);
  // Also read from a pipe, where bsdtar cannot use the central directory at the end of a zip.
  const streamed = await outputOf("bash", "-c", 'bsdtar -tf - < "$1"', "-", path);
  if (streamed !== found) throw new Error(`From a pipe, bsdtar finds\n${streamed} instead of\n${found}`);
  await outputOf("bash", "-c", 'bsdtar -xOf - < "$1" >/dev/null', "-", path);
  if (path.endsWith(".zst")) await outputOf("zstd", "-tq", path);
  if (path.endsWith(".gz")) await outputOf("gzip", "-t", path);
  if (!path.endsWith(".zip")) return;
  await outputOf("unzip", "-tqq", path);
  await outputOf("7z", "t", "-bso0", path);
}
