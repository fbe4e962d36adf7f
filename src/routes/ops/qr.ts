// POST /api/qr: draws a QR code for the page, of a link or of the key for an authenticator app.

import { Elysia, t } from "elysia";
import { renderSVG } from "uqr";
import { access } from "../../plugins/access.ts";
import { BODY_PROBLEMS, bytes, problems } from "../openapi/answers.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import type { Services } from "../support/services.ts";

const MAX_BYTES = 4096;
const SVG = "image/svg+xml";
/** Modules of white around the code: scanners need four (ISO/IEC 18004), and the page adds more. */
const BORDER = 2;

/** In the body, not in the URL: the text may be a secret, and URLs are logged. */
const QrText = t.Object(
  { text: t.String({ minLength: 1, maxLength: 1024 }) },
  { additionalProperties: false },
);

export function qr(services: Services) {
  return new Elysia({ name: "qr" }).use(access(services)).post(
    "/api/qr",
    async ({ request }) => {
      const { text } = await jsonBody(services, request, QrText, MAX_BYTES);
      const image = renderSVG(text, { ecc: "M", border: BORDER });
      return new Response(image, { headers: { "content-type": SVG, "cache-control": "no-store" } });
    },
    {
      parse: "none",
      allow: "account",
      response: {
        200: bytes({ description: "The QR code" }, [SVG]),
        ...problems(...BODY_PROBLEMS, "login_required", "wrong_login"),
      },
      detail: {
        operationId: "drawQrCode",
        summary: "Draw a QR code of a text",
        tags: ["Access"],
        requestBody: jsonRequest(QrText),
      },
    },
  );
}
