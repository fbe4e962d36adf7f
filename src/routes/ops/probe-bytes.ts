// GET /api/probe: bytes that are made up, all of them or a range, to see what a line and the proxies on it do to a download.

import { Problem } from "../../errors.ts";
import { select } from "../../http/range.ts";

const BLOCK = 256 * 1024;
/** Answers up to this size are whole in memory, and so have a Content-Length: Bun's server drops that of streams. */
const WHOLE = 1024 * 1024;
/** An ETag that is strong: a proxy that changes the bytes on their way has to make it a weak one. */
const ETAG = '"probe"';

/** Random, so that nothing on the way can make it smaller; the same in every block, so that ranges agree. */
const random = new Uint8Array(BLOCK);
for (let at = 0; at < BLOCK; at += 65_536) crypto.getRandomValues(random.subarray(at, at + 65_536));
const zeros = new Uint8Array(BLOCK);

export interface Wanted {
  bytes: number;
  zero: boolean;
  /** Seconds after which the answer breaks off. */
  longest: number;
  /** Called when the last byte was taken, or the client went away. */
  ended: () => void;
}

/** `ended` is called in any case, also when this throws. */
export function probeBytes(request: Request, { bytes, zero, longest, ended }: Wanted): Response {
  const headers = new Headers({
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="probe.bin"',
    "cache-control": "no-store",
    "accept-ranges": "bytes",
    etag: ETAG,
  });
  const unchanged = (request.headers.get("if-range") ?? ETAG) === ETAG;
  const selection = unchanged ? select(request.headers.get("range"), bytes) : "whole";
  if (selection === "nothing") {
    ended();
    throw new Problem("range_not_satisfiable", `The probe has ${bytes} bytes.`, {
      headers: { "content-range": `bytes */${bytes}` },
    });
  }
  // Of several ranges all is sent, as a server may.
  const [only, another] = selection === "whole" ? [] : selection;
  const part = another ? undefined : only;
  const { from, to } = part ? { from: part.first, to: part.last + 1 } : { from: 0, to: bytes };
  if (part) headers.set("content-range", `bytes ${part.first}-${part.last}/${bytes}`);
  const status = part ? 206 : 200;
  const source = slices(zero ? zeros : random, from, to);
  if (to - from <= WHOLE) {
    ended();
    return new Response(Buffer.concat([...source]), { status, headers });
  }
  let late: ReturnType<typeof setTimeout>;
  const end = () => {
    clearTimeout(late);
    ended();
  };
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      // A timer, because who reads nothing asks for nothing.
      late = setTimeout(() => {
        controller.error(new Error("The probe took too long."));
        ended();
      }, longest * 1000);
    },
    pull(controller) {
      const { done, value } = source.next();
      if (!done) return controller.enqueue(value);
      end();
      controller.close();
    },
    cancel: end,
  });
  return new Response(stream, { status, headers });
}

function* slices(
  block: Uint8Array<ArrayBuffer>,
  from: number,
  to: number,
): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = from; at < to; ) {
    const begin = at % BLOCK;
    const slice = block.subarray(begin, Math.min(BLOCK, begin + to - at));
    at += slice.length;
    yield slice;
  }
}
