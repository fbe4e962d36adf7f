// The directory of an authority: its URL, and the URL of the terms of service that it names.

import type { Config } from "../../config/config.ts";
import { printable } from "../../plugins/log.ts";
import { textWithin, whyUnanswered } from "./authority-requests.ts";

/** The production service of Let's Encrypt. */
const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

/** The URL of the directory of `--acme`. */
export function directoryOf({ acmeDirectory }: Pick<Config, "acmeDirectory">): string {
  return acmeDirectory ?? LETS_ENCRYPT;
}

/** Milliseconds. */
const TIMEOUT = 10_000;
/** Bytes of a directory. */
const LARGEST = 64 * 1024;

/**
 * Why an account may not be opened yet: the terms were not accepted. Asks the directory where they are.
 * @param directory the URL of the authority
 */
export async function termsFault(directory: string): Promise<string> {
  const { host } = new URL(directory);
  const terms = await termsOf(directory);
  const where =
    "failed" in terms
      ? `${host} did not say where they are: ${printable(terms.failed)}`
      : terms.link === undefined
        ? `${host} names none`
        : `They are at ${printable(terms.link)}`;
  return `--acme needs your consent to the terms of ${host}. If you accept them, start again with --acme-accept-terms. ${where}`;
}

async function termsOf(directory: string): Promise<{ link: string | undefined } | { failed: string }> {
  try {
    const response = await fetch(directory, { signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) return { failed: `${response.status} ${response.statusText}` };
    const text = await textWithin(LARGEST, response);
    if (text === null) return { failed: "its directory is too large" };
    const terms: unknown = JSON.parse(text)?.meta?.termsOfService;
    return { link: typeof terms === "string" ? terms : undefined };
  } catch (error) {
    return { failed: whyUnanswered(error) };
  }
}
