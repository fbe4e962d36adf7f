// Problems of a name that cannot be claimed, worded the same in early checks and at publication.

import { Problem } from "../../errors.ts";

export function preconditionFailed(header: string): Problem {
  return new Problem("precondition_failed", `The condition of \`${header}\` does not hold.`);
}

export function nameTaken(cause?: unknown): Problem {
  return new Problem(
    "name_taken",
    "A file or folder with this name already exists. Use `conflict=rename` to save under the next free name.",
    { cause },
  );
}

export function nameIsFolder(): Problem {
  return new Problem("is_folder", "A folder has this name.");
}

export function replaceNotAllowed(): Problem {
  return new Problem(
    "not_allowed",
    "A file with this name already exists, and replacing it needs the grant `replace`, from an owner of this server or from --allow read,write,replace.",
  );
}
