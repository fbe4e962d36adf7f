// The fields of a link, new or changed: its password, its expiry, its limits, and a note.
// @ts-check
import { choices, selectField } from "../forms/choices.js";
import { textField } from "../forms/text-field.js";
import { make } from "../ui/dom.js";
import { shortDate } from "../ui/format.js";

/**
 * @typedef {object} Link
 * @property {string} id
 * @property {string} url
 * @property {"file" | "folder" | "drop"} kind
 * @property {string} path
 * @property {string} account
 * @property {"open" | "expired" | "used" | "revoked"} state
 * @property {boolean} needsPassword
 * @property {string} note
 * @property {string | null} expires
 * @property {number | null} downloads that are left
 * @property {number | null} maxBytes
 * @property {number | null} maxFiles
 * @property {number | null} largest
 * @property {number | null} rate in bytes per second
 * @property {boolean} askName
 */

const DAY_MS = 86_400_000;
const GB = 1e9;
const MB = 1e6;
const KEEP = "keep";
const NEVER = "never";
/** @type {[string, string][]} */
const LIFETIMES = [
  ["1", "1 day"],
  ["7", "7 days"],
  ["30", "30 days"],
  ["365", "1 year"],
  [NEVER, "Never"],
];

/** @param {Link["kind"]} kind @param {Link} [link] the link that is changed */
export function linkFields(kind, link) {
  const isDrop = kind === "drop";
  const password = textField(
    "Password (optional)",
    { type: "password", autocomplete: "new-password", maxlength: "256" },
    link?.needsPassword ? "It has a password, which stays unless you enter another one." : "",
  );
  const noPassword = choices("", [["", "Remove the password"]], []);
  const expires = selectField(
    "Expires after",
    link === undefined ? LIFETIMES : [[KEEP, endOf(link)], ...LIFETIMES],
    link === undefined ? "30" : KEEP,
  );
  const downloads = numberField("Downloads", link?.downloads, 1, "any number");
  const maxFiles = numberField("Files", link?.maxFiles, 1, "any number");
  const maxBytes = numberField("All files together, in GB", link?.maxBytes, GB, "any size");
  const largest = numberField("Each file, in GB", link?.largest, GB, "any size");
  const rate = numberField("Speed, in MB per second", link?.rate, MB, "as fast as possible");
  const askName = choices("", [["", "Ask people for their name"]], link?.askName === false ? [] : [""]);
  const note = make("textarea", {
    class: "field",
    maxlength: "2000",
    rows: "2",
    placeholder: noteExample(isDrop),
  });
  const noteLabel = make("label", { class: "field-label" }, "Note for visitors (optional)", note);
  note.value = link?.note ?? "";

  const limits = make(
    "details",
    { class: "limits" },
    make("summary", {}, "Limits"),
    make(
      "div",
      { class: "form-row" },
      ...(isDrop ? [maxFiles.element, maxBytes.element, largest.element] : [downloads.element]),
      rate.element,
    ),
  );
  limits.open =
    link !== undefined &&
    [link.downloads, link.maxFiles, link.maxBytes, link.rate].some((one) => one !== null);

  return {
    elements: [
      make("div", { class: "form-row" }, password.element, expires.element),
      ...(link?.needsPassword ? [noPassword.element] : []),
      noteLabel,
      ...(isDrop ? [askName.element] : []),
      limits,
    ],
    /** The members of the request. */
    values() {
      const days = expires.select.value;
      const typed = password.input.value;
      return {
        note: note.value.trim(),
        rate: rate.value(),
        ...(typed !== "" && { password: typed }),
        ...(typed === "" && noPassword.values().length > 0 && { password: null }),
        ...(days === NEVER && { expires: null }),
        ...(Number(days) > 0 && { expires: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }),
        ...(isDrop
          ? {
              maxFiles: maxFiles.value(),
              maxBytes: maxBytes.value(),
              largest: largest.value(),
              askName: askName.values().length > 0,
            }
          : { downloads: downloads.value() }),
      };
    },
  };
}

/** @param {Link} link */
function endOf({ expires }) {
  return expires === null ? "as now: never" : `as now: ${shortDate(expires)}`;
}

/** @param {boolean} isDrop */
function noteExample(isDrop) {
  return isDrop ? "Please send the photos of the party." : "The photos of the party.";
}

/**
 * @param {string} label
 * @param {number | null | undefined} value
 * @param {number} unit of the number that is typed
 * @param {string} placeholder
 */
function numberField(label, value, unit, placeholder) {
  const shown = typeof value === "number" ? { value: String(value / unit) } : {};
  const step = unit === 1 ? "1" : "any";
  const { element, input } = textField(label, {
    type: "number",
    min: "0",
    step,
    inputmode: unit === 1 ? "numeric" : "decimal",
    placeholder,
    ...shown,
  });
  return {
    element,
    /** The limit; null for none. */
    value: () => (input.value === "" ? null : Math.max(1, Math.round(Number(input.value) * unit))),
  };
}
