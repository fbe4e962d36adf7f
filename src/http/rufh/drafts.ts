// The versions of Resumable Uploads for HTTP that are spoken here: one row each, one field for each difference.

/** An interop version: what `Upload-Draft-Interop-Version` says. */
export interface Draft {
  version: number;
  /** The header that says whether an upload is complete. */
  header: "Upload-Complete" | "Upload-Incomplete";
  /** Whether `?1` there means that it is not. */
  inverted: boolean;
  /** What a PATCH without that header means; null: it is an error. */
  unsaid: boolean | null;
  /** Whether a PATCH must have the Content-Type `application/partial-upload`. */
  typed: boolean;
  /** The key of `Upload-Limit` for the lifetime; null: there is no `Upload-Limit`. */
  ageKey: "expires" | "max-age" | null;
  /** Whether answers to OPTIONS have `Accept-Patch`. */
  acceptPatch: boolean;
  /**
   * Whether an upload that has reached its `Upload-Length` is complete whatever the header said. The drafts say no; tus-js-client,
   * which speaks 5 and 6, never sends `?1` for an empty file or a stream.
   */
  endsByLength: boolean;
  /** Whether an upload is of no use any more when bytes went past its `Upload-Length`. */
  spoils: boolean;
  /** The status of an answer to bytes that do not complete the upload. */
  appended: 201 | 204;
  /** Headers that HEAD and DELETE must not have. */
  bare: readonly string[];
  /** Whether GET tells the offset, too. */
  offsetByGet: boolean;
}

/** From the oldest to the newest. */
export const DRAFTS = [
  {
    // Draft -01.
    version: 3,
    header: "Upload-Incomplete",
    inverted: true,
    unsaid: true,
    typed: false,
    ageKey: null,
    acceptPatch: false,
    endsByLength: true,
    spoils: false,
    appended: 201,
    bare: ["Upload-Offset", "Upload-Incomplete"],
    offsetByGet: false,
  },
  {
    // Draft -03.
    version: 5,
    header: "Upload-Complete",
    inverted: false,
    unsaid: false,
    typed: false,
    ageKey: null,
    acceptPatch: false,
    endsByLength: true,
    spoils: false,
    appended: 201,
    bare: ["Upload-Offset", "Upload-Complete"],
    offsetByGet: false,
  },
  {
    // Drafts -04 and -05.
    version: 6,
    header: "Upload-Complete",
    inverted: false,
    unsaid: false,
    typed: true,
    ageKey: "expires",
    acceptPatch: false,
    endsByLength: true,
    spoils: false,
    appended: 201,
    bare: ["Upload-Offset", "Upload-Complete"],
    offsetByGet: false,
  },
  {
    // Drafts -09 to -11.
    version: 8,
    header: "Upload-Complete",
    inverted: false,
    unsaid: null,
    typed: true,
    ageKey: "max-age",
    acceptPatch: true,
    endsByLength: false,
    spoils: true,
    appended: 204,
    bare: [],
    offsetByGet: false,
  },
  {
    // Draft -13.
    version: 10,
    header: "Upload-Complete",
    inverted: false,
    unsaid: null,
    typed: true,
    ageKey: "max-age",
    acceptPatch: false,
    endsByLength: false,
    spoils: true,
    appended: 204,
    bare: [],
    offsetByGet: true,
  },
] as const satisfies readonly Draft[];

export const NEWEST: Draft = DRAFTS[DRAFTS.length - 1] ?? DRAFTS[0];
