// Sends one event to a URL, signed as Standard Webhooks 1.0 says.

import { createHmac } from "node:crypto";
import type { Hook } from "../access/database/snapshot.ts";
import { version } from "../version.ts";
import type { DeliveryResult, HookEvent } from "./event.ts";

/** The prefix of a secret; the rest is base64. */
export const SECRET_PREFIX = "whsec_";
/** Characters of an answer that are read. */
const LONGEST_ANSWER = 500;

/** The signature over the id, the time in seconds and the body: `v1,` and base64. */
export function signature(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/**
 * Sends an event. Redirects are not followed: the address was chosen by the operator. Never throws.
 * @param id the same for every attempt of one delivery
 */
export async function sendWebhook(
  hook: Hook,
  id: string,
  { type, time, ...data }: HookEvent,
): Promise<DeliveryResult> {
  const body = JSON.stringify({ type, timestamp: time, data });
  const timestamp = Math.floor(Date.now() / 1000);
  try {
    const answer = await fetch(hook.target, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(hook.timeout * 1000),
      headers: {
        "content-type": "application/json",
        "user-agent": `Sluice/${version}`,
        "webhook-id": id,
        "webhook-timestamp": `${timestamp}`,
        ...(hook.secret !== null && { "webhook-signature": signature(hook.secret, id, timestamp, body) }),
      },
      body,
    });
    const text = await beginning(answer);
    if (answer.ok) return { end: "done", reason: text };
    if (answer.status === 410) return { end: "gone", reason: "The receiver answered 410 Gone." };
    // 429, 5xx and redirects say nothing about the event itself.
    const temporary = answer.status >= 500 || answer.status === 429 || answer.status < 400;
    return {
      end: temporary ? "again" : "refused",
      reason: temporary || text === "" ? `The receiver answered ${answer.status}.` : text,
    };
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    return {
      end: "again",
      reason: late ? `No answer within ${hook.timeout} s.` : "The receiver could not be reached.",
    };
  }
}

/** The first characters of an answer: `detail` of a problem, or its text. The rest is not read. */
async function beginning(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  if (!reader) return "";
  const { value } = await reader.read();
  void reader.cancel().catch(() => {});
  const text = new TextDecoder().decode(value?.subarray(0, LONGEST_ANSWER * 4)).trim();
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null && "detail" in json && typeof json.detail === "string")
      return json.detail.slice(0, LONGEST_ANSWER);
  } catch {
    // Not JSON: the text is the sentence.
  }
  return text.slice(0, LONGEST_ANSWER);
}
