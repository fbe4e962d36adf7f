// Requests of acme-client by `fetch`: each is sent once, bounded in time and size, and says what was answered last.

import type { axios } from "acme-client";
import { retryAfter } from "../../http/time/retry-after.ts";
import { messageOf } from "../../system/errno.ts";

/** The last answer of an authority. */
export interface LastAnswer {
  /** Undefined when there was none. */
  status?: number | undefined;
  /** Seconds, of an answer that refuses. */
  retryAfter?: number | undefined;
}

type Adapter = Extract<(typeof axios)["defaults"]["adapter"], (...args: never[]) => unknown>;

/** Milliseconds until a request is given up. */
const TIMEOUT = 30_000;
/** Bytes of an answer: a directory has one kilobyte, a chain of certificates five. */
const LARGEST = 256 * 1024;

/**
 * Updates `last` with each answer. The adapter throws when there is none; any status is an answer.
 * @param directory the URL of the authority; all others of it must have the same scheme, since `fetch` reads files, too
 */
export function requestsByFetch(last: LastAnswer, directory: string): Adapter {
  const { protocol } = new URL(directory);
  return async (config) => {
    last.status = undefined;
    last.retryAfter = undefined;
    const { url = "", method = "get", data } = config;
    if (URL.parse(url)?.protocol !== protocol)
      throw new TypeError(`The authority named a URL that is not ${protocol}//…: ${url}`);
    const answer = await send(url, {
      method: method.toUpperCase(),
      headers: { ...config.headers.toJSON(true) },
      ...(typeof data === "string" && { body: data }),
    });
    const text = await textWithin(LARGEST, answer);
    if (text === null) throw new RangeError(`The authority answered with more than ${LARGEST} bytes.`);
    last.status = answer.status;
    if (answer.status >= 400) last.retryAfter = retryAfter(answer.headers);
    return {
      data: text,
      status: answer.status,
      statusText: answer.statusText,
      headers: Object.fromEntries(answer.headers),
      config,
    };
  };
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT) });
  } catch (error) {
    throw new Error(`${URL.parse(url)?.host ?? url} did not answer: ${whyUnanswered(error)}`);
  }
}

/** Why a request to an authority had no answer, from the error of `fetch`. */
export function whyUnanswered(error: unknown): string {
  // Bun asks the reader whether the machine is connected, in the middle of the message.
  const reason = messageOf(error).replace(/\. Is the computer .*\?$/, "");
  return /certificate/i.test(reason)
    ? `${reason}; to trust an authority of your own, set NODE_EXTRA_CA_CERTS to the file of its root`
    : reason;
}

/** The text of an answer; null when it has more than some bytes, of which the rest is not read. */
export async function textWithin(most: number, { body }: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
