// The supported versions of Resumable Uploads for HTTP: one row per version, one field per difference.

/** A draft version, identified by `Upload-Draft-Interop-Version`. */
export interface Draft {
  version: number;
  /** The header that states whether the upload is complete. */
  header: "Upload-Complete" | "Upload-Incomplete";
  /** Whether `?1` in that header means incomplete. */
  inverted: boolean;
  /** Whether a PATCH without that header completes the upload; null: the header is required. */
  completeByDefault: boolean | null;
  /** Whether a PATCH must have the Content-Type `application/partial-upload`. */
  typed: boolean;
  /** The key of `Upload-Limit` for the lifetime; null: there is no `Upload-Limit`. */
  ageKey: "expires" | "max-age" | null;
  /** Whether answers to OPTIONS carry `Accept-Patch`. */
  acceptPatch: boolean;
  /**
   * Whether an upload that has reached its `Upload-Length` is complete regardless of the header. The drafts say no, but
   * tus-js-client, which uses versions 5 and 6, never sends `?1` for an empty file or a stream.
   */
  endsByLength: boolean;
  /** Whether bytes beyond `Upload-Length` invalidate the upload. */
  overflowInvalidates: boolean;
  /** The status of the answer to an append that does not complete the upload. */
  appended: 201 | 204;
  /** Headers that are forbidden in HEAD and DELETE. */
  forbidden: readonly string[];
  /** Whether GET also reports the offset. */
  offsetByGet: boolean;
}

/** Sorted from oldest to newest. */
export const DRAFTS = [
  {
    // Draft -01.
    version: 3,
    header: "Upload-Incomplete",
    inverted: true,
    completeByDefault: true,
    typed: false,
    ageKey: null,
    acceptPatch: false,
    endsByLength: true,
    overflowInvalidates: false,
    appended: 201,
    forbidden: ["Upload-Offset", "Upload-Incomplete"],
    offsetByGet: false,
  },
  {
    // Draft -03.
    version: 5,
    header: "Upload-Complete",
    inverted: false,
    completeByDefault: false,
    typed: false,
    ageKey: null,
    acceptPatch: false,
    endsByLength: true,
    overflowInvalidates: false,
    appended: 201,
    forbidden: ["Upload-Offset", "Upload-Complete"],
    offsetByGet: false,
  },
  {
    // Drafts -04 and -05.
    version: 6,
    header: "Upload-Complete",
    inverted: false,
    completeByDefault: false,
    typed: true,
    ageKey: "expires",
    acceptPatch: false,
    endsByLength: true,
    overflowInvalidates: false,
    appended: 201,
    forbidden: ["Upload-Offset", "Upload-Complete"],
    offsetByGet: false,
  },
  {
    // Drafts -09 to -11.
    version: 8,
    header: "Upload-Complete",
    inverted: false,
    completeByDefault: null,
    typed: true,
    ageKey: "max-age",
    acceptPatch: true,
    endsByLength: false,
    overflowInvalidates: true,
    appended: 204,
    forbidden: [],
    offsetByGet: false,
  },
  {
    // Draft -13.
    version: 10,
    header: "Upload-Complete",
    inverted: false,
    completeByDefault: null,
    typed: true,
    ageKey: "max-age",
    acceptPatch: false,
    endsByLength: false,
    overflowInvalidates: true,
    appended: 204,
    forbidden: [],
    offsetByGet: true,
  },
] as const satisfies readonly Draft[];

export const NEWEST: Draft = DRAFTS[DRAFTS.length - 1] ?? DRAFTS[0];
