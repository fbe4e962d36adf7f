// Why a name is not given: the problems that the uploader says early and the upload says late, in the same words.

import { Problem } from "../../errors.ts";

export function preconditionFailed(header: string): Problem {
  return new Problem("precondition_failed", `The condition of \`${header}\` does not hold.`);
}

export function nameTaken(): Problem {
  return new Problem(
    "name_taken",
    "An entry with this name exists. With `conflict=rename` the next free one is taken.",
  );
}

export function replaceNotAllowed(): Problem {
  return new Problem(
    "not_allowed",
    "A file has this name, and giving it new content needs the grant `replace`: start the server with --allow read,write,replace.",
  );
}
