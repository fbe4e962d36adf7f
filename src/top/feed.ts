// Reads a server's event stream and reconnects until it is aborted or a new attempt cannot succeed.

import { setTimeout as sleep } from "node:timers/promises";
import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { unixPath } from "../config/listen-address.ts";
import { bare, loginHeaders } from "../http/login.ts";
import { retryAfter } from "../http/time/retry-after.ts";
import { printable } from "../plugins/log.ts";
import { Ended, Problem, Uploads } from "../routes/openapi/shapes.ts";
import { messageOf } from "../system/errno.ts";

export type ActiveUpload = Static<typeof Uploads>["uploads"][number];
export type EndedUpload = Static<typeof Ended>["ended"];

export type FeedEvent =
  | { kind: "uploads"; uploads: ActiveUpload[] }
  | { kind: "ended"; upload: EndedUpload }
  /** The next attempt, number `attempt`, is made in `wait` seconds. `gone`: there is no server, or it is stopping. */
  | { kind: "lost"; why: string; wait: number; attempt: number; gone: boolean };

/** A failure that a retry cannot change. The message is a complete sentence for the user. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** A failure that a retry may overcome. The message completes "Not connected: …". */
class ConnectionLost extends Error {
  constructor(
    message: string,
    readonly gone = false,
    readonly wait = 0,
  ) {
    super(message);
  }
}

/** Seconds without a byte after which the connection counts as dead; the server sends a comment every 15 s. */
const SILENCE_LIMIT = 45;
/** Seconds within which the server must answer. */
const ANSWER_TIMEOUT = 15;
/** Maximum pause between two attempts, in seconds. */
const MAX_RETRY_WAIT = 15;
/** Maximum length of one event in characters: a thousand uploads with long names need fewer. */
const MAX_EVENT_LENGTH = 2 ** 24;
/** Bytes read of an answer without events. */
const MAX_REFUSAL_BYTES = 2 ** 16;

/** @throws Refused */
export async function* follow(
  url: URL,
  signal: AbortSignal,
  anyCertificate = false,
): AsyncGenerator<FeedEvent> {
  let last: string | undefined;
  let attempt = 0;
  while (!signal.aborted) {
    let lost = new ConnectionLost("the server closed the connection");
    try {
      for await (const message of connect(url, last, { stop: signal, anyCertificate })) {
        attempt = 0;
        last = message.id ?? last;
        yield* eventsOf(message);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused) throw error;
      lost =
        error instanceof ConnectionLost
          ? error
          : new ConnectionLost(describeError(error, url), isConnectionRefused(error));
    }
    attempt += 1;
    const wait = Math.min(MAX_RETRY_WAIT, Math.max(lost.wait, 2 ** (attempt - 1)));
    yield { kind: "lost", why: lost.message, wait, attempt, gone: lost.gone };
    await sleep(wait * 1000, undefined, { signal }).catch(() => {
      // An aborted signal is handled above.
    });
  }
}

async function* connect(
  url: URL,
  last: string | undefined,
  { stop, anyCertificate }: { stop: AbortSignal; anyCertificate: boolean },
) {
  const timeout = new AbortController();
  const startTimer = (seconds: number) =>
    setTimeout(() => timeout.abort(new ConnectionLost(`no data for ${seconds} s`)), seconds * 1000);
  let timer = startTimer(ANSWER_TIMEOUT);
  const unix = unixPath(url);
  const base = unix === undefined ? bare(url) : new URL("http://localhost");
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  try {
    const answer = await fetch(new URL("api/uploads/events", base), {
      headers: {
        Accept: "text/event-stream",
        "User-Agent": "sluice-top",
        ...(last !== undefined && { "Last-Event-ID": last }),
        ...tokenHeaders(process.env["SLUICE_TOKEN"]),
        ...loginHeaders(url),
      },
      redirect: "manual",
      ...(unix !== undefined && { unix }),
      tls: { rejectUnauthorized: !anyCertificate },
      signal: AbortSignal.any([stop, timeout.signal]),
    });
    if (answer.status !== 200 || !answer.headers.get("content-type")?.startsWith("text/event-stream"))
      throw await refusal(answer);
    const parser = new EventSourceParserStream({ maxBufferSize: MAX_EVENT_LENGTH });
    const decoder = new TextDecoder();
    const text = new TransformStream<Uint8Array, string>({
      transform(bytes, controller) {
        clearTimeout(timer);
        timer = startTimer(SILENCE_LIMIT);
        controller.enqueue(decoder.decode(bytes, { stream: true }));
      },
    });
    yield* (answer.body ?? new ReadableStream<Uint8Array>()).pipeThrough(text).pipeThrough(parser);
  } finally {
    clearTimeout(timer);
  }
}

/** Ignores event types that a newer server may send. @throws Refused */
function* eventsOf({ event, data }: EventSourceMessage): Generator<FeedEvent> {
  if (event === "uploads") yield { kind: "uploads", uploads: read(Uploads, data).uploads };
  if (event === "ended") yield { kind: "ended", upload: read(Ended, data).ended };
}

function read<Shape extends TSchema>(shape: Shape, data: string): Static<Shape> {
  try {
    return Value.Parse(["Assert"], shape, JSON.parse(data));
  } catch {
    throw new Refused(
      "The answer cannot be read: the server runs another version of Sluice, or is not Sluice.",
    );
  }
}

/** Unlike a password in the URL, a variable is not in the list of processes. */
function tokenHeaders(token = ""): Record<string, string> {
  return token === "" ? {} : { Authorization: `Bearer ${token}` };
}

async function refusal(answer: Response): Promise<Error> {
  const { status, headers } = answer;
  const problem = problemIn(await startOf(answer));
  if (problem?.code === "draining") return new ConnectionLost("the server is stopping", true);
  if (status === 503 && problem) return new ConnectionLost(problem.detail, false, retryAfter(headers) ?? 0);
  if (status >= 500) return new ConnectionLost(`the server answers ${status}`);
  if (problem?.code === "not_allowed") return new Refused(problem.detail);
  if (status === 401)
    return new Refused(
      "The server requires a login: put a token into the variable SLUICE_TOKEN, or give it as https://user:password@….",
    );
  const location = headers.get("location");
  if (location !== null)
    return new Refused(`The server redirects to ${printable(location, 200)}: use that URL.`);
  return new Refused(`The server answers ${status}: it is not Sluice, or a version that is too old.`);
}

/** The first 64 KiB of the body: whatever listens there may send without end. */
async function startOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_REFUSAL_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}

function problemIn(text: string): { code: string; detail: string } | undefined {
  try {
    const { code, detail } = read(Problem, text);
    return { code, detail: printable(detail) };
  } catch {
    return undefined;
  }
}

function isConnectionRefused(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && /^(ConnectionRefused|ECONNREFUSED)$/.test(`${error.code}`)
  );
}

function describeError(error: unknown, { host }: URL): string {
  if (isConnectionRefused(error)) return `nothing listens at ${host}`;
  const reason = printable(messageOf(error), 200);
  return /certificate/i.test(reason)
    ? `${reason}; to trust it, set NODE_EXTRA_CA_CERTS to its file, or to that of its authority`
    : reason;
}
