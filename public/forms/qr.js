// A QR code, which the server draws: nothing is asked of another host.
// @ts-check
import { serverUrl } from "../server/base.js";
import { make } from "../ui/dom.js";

/** An image that appears once it is drawn, and stays away if it cannot be. @param {string} text @param {string} alt */
export function qrCode(text, alt) {
  const image = make("img", { class: "qr", alt, width: "176", height: "176", hidden: "" });
  void draw(image, text);
  return image;
}

/** @param {HTMLImageElement} image @param {string} text */
async function draw(image, text) {
  // The text may be a secret, so it is no part of a URL, which would be logged.
  const response = await fetch(serverUrl("/api/qr"), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "image/svg+xml, application/problem+json" },
    body: JSON.stringify({ text }),
  }).catch(() => undefined);
  if (!response?.ok) return;
  const url = URL.createObjectURL(await response.blob());
  image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
  image.src = url;
  image.hidden = false;
}
