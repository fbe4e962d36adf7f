// Sends an open file, or ranges of it, and closes it when sending has ended.

import type { Config } from "../../../config/config.ts";
import { paced } from "../../../core/admission/cap-share.ts";
import type { Caps } from "../../../core/admission/caps.ts";
import { byteranges } from "../../../http/ranges/byteranges.ts";
import type { Range, Selection } from "../../../http/ranges/range.ts";
import { isAnswering } from "../../../plugins/request-info.ts";
import type { StoredFile } from "../../../storage/stored-file.ts";
import { AnswerCut } from "../connection/answer-cut.ts";
import type { Pacing } from "../connection/pacing.ts";
import { shareOf } from "../connection/request-caps.ts";
import type { Deliveries } from "../delivery.ts";
import type { BunServer } from "../idle-timeout.ts";

/**
 * Factor of the idle timeout for downloads. A slow reader appears idle while the system's buffers drain, which hold 20 MB
 * between two programs on one machine, such as a proxy and this server.
 */
export const PATIENCE = 10;

export interface SendOptions {
  request: Request;
  server: BunServer;
  deliveries: Deliveries;
  config: Config;
  caps: Caps;
  pacing: Pacing;
}

/**
 * Answers with a whole file or with ranges of it. A whole file or a single range is sent by the system: Bun reopens the
 * file through the open descriptor, in the same turn in which the handler returns. Several ranges are read and sent block
 * by block, without Content-Length, which Bun omits for streams. So is everything under a cap where the connection cannot
 * be paced. Without a server the whole file is sent, and no cap applies.
 * @param headers those of the whole file; the headers of a range are added
 */
export async function sendFile(
  file: StoredFile,
  selection: Exclude<Selection, "nothing">,
  headers: Headers,
  { request, server, deliveries, config, caps, pacing }: SendOptions,
): Promise<Response> {
  const { body, entry } = file;
  // A client that has gone, as in the rapid reset of HTTP/2: an answer that nobody reads would keep what it has read.
  if (request.signal.aborted) {
    await file.close();
    return new Response(null, { headers });
  }
  // An app that is called without a server cannot detect when its answer has been read.
  if (!server || !isAnswering(request, server))
    return new Response(await startedStream(body, file), { headers });
  const share = shareOf({ caps }, request);
  const cut = new AnswerCut(request, server);
  const renew = () => void server.timeout(request, Math.ceil(config.idleTimeout) * PATIENCE);
  const watch = (bytes: number, needs: number, ended = () => share?.leave()) =>
    // Not earlier: Bun restarts its own timer with the first bytes of the answer.
    deliveries.watch({ request, file, bytes, needs, cut, share, ended }, server, renew);
  const whole: Range = { first: 0, last: entry.size - 1 };
  const [range = whole, ...others] = selection === "whole" ? [whole] : selection;
  if (selection !== "whole" && others.length > 0) {
    const type = headers.get("content-type") ?? "application/octet-stream";
    const parts = byteranges(body, selection, { type, size: entry.size });
    watch(parts.length, Math.max(...selection.map(({ last }) => last + 1)));
    headers.set("content-type", parts.type);
    const stream = cut.stream(share ? paced(parts.body, share, renew) : parts.body);
    return new Response(stream, { status: 206, headers });
  }
  const { first, last } = range;
  const bytes = last + 1 - first;
  const answer = share && (await pacing.begin(request, server, share, bytes));
  watch(bytes, last + 1, answer?.ended);
  if (selection !== "whole") headers.set("content-range", `bytes ${first}-${last}/${entry.size}`);
  const status = selection === "whole" ? 200 : 206;
  const part = selection === "whole" ? body : body.slice(first, last + 1);
  if (share && !answer)
    return new Response(cut.stream(paced(part.stream(), share, renew)), { status, headers });
  cut.file(file.descriptor, bytes);
  // Bun would refuse any range of an empty file.
  return new Response(bytes === 0 ? "" : part, { status, headers });
}

/** A stream of the file of which the first block is already read, so that the file can be closed. */
async function startedStream(body: Blob, { close }: StoredFile): Promise<ReadableStream<Uint8Array>> {
  const reader = body.stream().getReader();
  let next = reader.read();
  await next.catch(() => {}).finally(close);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await next;
      if (done) return controller.close();
      controller.enqueue(value);
      next = reader.read();
      // The next pull reports a failure.
      next.catch(() => {});
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
