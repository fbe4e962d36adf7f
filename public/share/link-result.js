// A link that was made: its address to copy, as a QR code, and for the share sheet of a phone.
// @ts-check
import { copyText } from "../forms/copy-text.js";
import { qrCode } from "../forms/qr.js";
import { make } from "../ui/dom.js";

/** @param {{ url: string, needsPassword: boolean }} link */
export function linkResult(link) {
  const url = new URL(link.url, location.origin).href;
  const parts = [copyText("Address of the link", url)];
  if ("share" in navigator) {
    const share = make("button", { type: "button" }, "Send …");
    // Rejected when the user closes the sheet.
    share.addEventListener("click", () => void navigator.share({ url }).catch(() => {}));
    parts[0]?.append(share);
  }
  const note = link.needsPassword
    ? "Do not send the password together with the link."
    : "Anyone who has this address can use it.";
  return make(
    "div",
    { class: "link-result" },
    make("p", { class: "form-done" }, "The link is ready."),
    ...parts,
    make("p", { class: "panel-note" }, note),
    qrCode(url, "QR code of the link"),
  );
}
