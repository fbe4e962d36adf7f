// Worker thread that orders one certificate: only here is acme-client loaded, which takes tens of megabytes.

// In a bundle, acme-client's own import of it comes too late.
import "reflect-metadata";
import { axios, Client, crypto as keys } from "acme-client";
import { messageOf } from "../../system/errno.ts";
import { type LastAnswer, requestsByFetch } from "./authority-requests.ts";

declare const self: Worker;

/** The key of an account that exists at an authority. */
export interface Binding {
  kid: string;
  /** Base64url. */
  hmacKey: string;
}

/** A certificate to order. */
export interface Order {
  /** The URL of the authority's directory. */
  directory: string;
  /** PEM of the account's private key. */
  accountKey: string;
  /** Where the authority may write to the account. */
  email?: string;
  /** Ties the account to one that exists at the authority (RFC 8555 section 7.3.4). */
  binding?: Binding;
  /** The name that the certificate is for. */
  host: string;
}

/** A certificate from an authority: its private key, and itself before those of its issuers, both as PEM. */
export interface Issued {
  key: string;
  chain: string;
}

/** Why there is no certificate. */
export interface Failure {
  /** The answer of the authority, or why there is none. */
  failed: string;
  /** `unreachable`: no answer, or a fault of the authority itself; `refused`: all else. */
  kind: "unreachable" | "refused";
  /** Seconds that the authority asks to wait. */
  retryAfter?: number;
}

export type OrderAnswer = { id: number } & (Issued | Failure);

/** Milliseconds between two looks at whether the authority has finished; doubled each time, up to the second figure. */
const POLLS = { backoffMin: 1000, backoffMax: 30_000, backoffAttempts: 10 };

self.onmessage = async ({ data }: MessageEvent<{ id: number } & Order>): Promise<void> => {
  const { id, ...order } = data;
  self.postMessage({ id, ...(await answer(order)) } satisfies OrderAnswer);
};

async function answer({ directory, accountKey, email, binding, host }: Order): Promise<Issued | Failure> {
  const last: LastAnswer = {};
  // acme-client would wait for as long as `Retry-After` says, and hides why a connection failed.
  axios.defaults.adapter = requestsByFetch(last, directory);
  try {
    const key = await keys.createPrivateEcdsaKey("P-256");
    const [, csr] = await keys.createCsr({ altNames: [host] }, key);
    const client = new Client({
      directoryUrl: directory,
      accountKey,
      ...(binding && { externalAccountBinding: binding }),
      ...POLLS,
    });
    await openAccount(client, email, last);
    const chain = await client.auto({
      csr,
      challengePriority: ["http-01"],
      // The port 80 of this machine may be reachable from outside only.
      skipChallengeVerification: true,
      // The listener on port 80 answers every token while an order runs: the answer needs only the account's key.
      challengeCreateFn: async () => {},
      challengeRemoveFn: async () => {},
    });
    return { key: key.toString(), chain };
  } catch (error) {
    return {
      failed: messageOf(error),
      kind: last.status === undefined || last.status >= 500 ? "unreachable" : "refused",
      ...(last.retryAfter !== undefined && { retryAfter: last.retryAfter }),
    };
  }
}

/** Finds the account of the key, or makes it. Not by `auto`, whose update of an account that exists is refused when nothing changes. */
async function openAccount(client: Client, email: string | undefined, last: LastAnswer): Promise<void> {
  const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
  try {
    const account = await client.createAccount({ onlyReturnExisting: true });
    if (email !== undefined && !account.contact?.includes(`mailto:${email}`))
      await client.updateAccount(contact);
  } catch (error) {
    // accountDoesNotExist, of RFC 8555 section 7.3.1.
    if (last.status !== 400) throw error;
    await client.createAccount({ termsOfServiceAgreed: true, ...contact });
  }
}
