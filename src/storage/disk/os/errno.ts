// Translates system errors into problems: no errno leaves the disk storage.

import { Problem } from "../../../errors.ts";
import { DENIED, errnoOf } from "../../../system/errno.ts";

export { DENIED, errnoOf };

/** Resolves to `null` if the call fails with one of these errnos. @throws any other error of the call */
export async function ignoreErrno<T>(errnos: ReadonlySet<string>, call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (errnos.has(errnoOf(error) ?? "")) return null;
    throw error;
  }
}

/** Nothing has this name. */
export const ENOENT_ONLY: ReadonlySet<string> = new Set(["ENOENT"]);

/** A disk, or a quota of it, without space for another byte. */
export const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/** Whether the system denied a call, also when that is a problem already. */
export function isDenied(error: unknown): boolean {
  if (error instanceof Problem) return error.code === "no_access";
  return DENIED.has(errnoOf(error) ?? "");
}

/** The result of a call. @throws Problem for the call's error */
export async function asProblem<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw diskProblem(error);
  }
}

/** The problem for a system error; a `Problem` is returned unchanged. */
export function diskProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  switch (errnoOf(error)) {
    case "ENOSPC":
      return new Problem("storage_full", "The disk is full.", { cause: error });
    case "EDQUOT":
      return new Problem("storage_full", "The disk quota of the server is used up.", { cause: error });
    case "EFBIG":
      return new Problem("file_too_large", "The file system does not take files this large.", {
        cause: error,
      });
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return new Problem("storage_read_only", "The server may not write to its root.", { cause: error });
    case "ENOENT":
    case "ESTALE":
      return new Problem("storage_gone", "The root of the server, or a folder in it, was removed.", {
        cause: error,
      });
    case "EMFILE":
    case "ENFILE":
      return new Problem("out_of_files", "The server has no file descriptors left.", {
        cause: error,
        headers: { "retry-after": "5" },
      });
    case "ENAMETOOLONG":
      return new Problem("invalid_path", "The file system does not take names this long.", {
        errors: [
          {
            code: "segment_too_long",
            pointer: "/path",
            detail: "The file system does not take names this long.",
          },
        ],
        cause: error,
      });
    case "EXDEV":
      return new Problem("other_file_system", "The folder is on another file system than the root.", {
        cause: error,
      });
    case "EBUSY":
      return new Problem("mount_point", "Another file system is mounted here.", { cause: error });
    case "ELOOP":
      return new Problem("link_in_path", "A segment of the path is a link.", { cause: error });
    case "ENOTDIR":
      return new Problem("not_a_folder", "A segment of the path is not a folder.", { cause: error });
    case "EISDIR":
      return new Problem("is_folder", "A folder has this name.", { cause: error });
    default:
      return new Problem("storage_failed", "The disk reported an error.", { cause: error });
  }
}
