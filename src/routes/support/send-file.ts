// Sends an open file, or ranges of it, and closes it when sending has ended.

import type { Config } from "../../config/config.ts";
import { byteranges } from "../../http/ranges/byteranges.ts";
import type { Selection } from "../../http/ranges/range.ts";
import type { StoredFile } from "../../storage/storage.ts";
import type { Deliveries } from "./delivery.ts";
import type { Listener } from "./idle-timeout.ts";

/**
 * Factor of the idle timeout for downloads. A slow reader appears idle while the system's buffers drain, which hold 20 MB
 * between two programs on one machine, such as a proxy and this server.
 */
export const PATIENCE = 10;

export interface SendOptions {
  request: Request;
  server: Listener;
  deliveries: Deliveries;
  config: Config;
}

/**
 * Answers with a whole file or with ranges of it. A whole file or a single range is sent by the system: Bun reopens the
 * file through the open descriptor, in the same turn in which the handler returns. Several ranges are read and sent block
 * by block, without Content-Length, which Bun omits for streams. Without a server the whole file is sent.
 * @param headers those of the whole file; the headers of a range are added
 */
export async function sendFile(
  file: StoredFile,
  selection: Exclude<Selection, "nothing">,
  headers: Headers,
  { request, server, deliveries, config }: SendOptions,
): Promise<Response> {
  const { body, entry } = file;
  // An app that is called without a server cannot detect when its answer has been read.
  if (!server?.requestIP(request)) return new Response(await startedStream(body, file), { headers });
  const watch = (bytes: number, needs: number) =>
    deliveries.watch({ request, file, bytes, needs }, server, () =>
      // Not earlier: Bun restarts its own timer with the first bytes of the answer.
      server.timeout(request, Math.ceil(config.idleTimeout) * PATIENCE),
    );
  if (selection === "whole") {
    watch(entry.size, entry.size);
    // Bun would refuse any range of an empty file.
    return new Response(entry.size === 0 ? "" : body, { headers });
  }
  const [{ first, last }, ...others] = selection;
  if (others.length === 0) {
    watch(last + 1 - first, last + 1);
    headers.set("content-range", `bytes ${first}-${last}/${entry.size}`);
    return new Response(body.slice(first, last + 1), { status: 206, headers });
  }
  const type = headers.get("content-type") ?? "application/octet-stream";
  const parts = byteranges(body, selection, { type, size: entry.size });
  watch(parts.length, Math.max(...selection.map((range) => range.last + 1)));
  headers.set("content-type", parts.type);
  return new Response(parts.body, { status: 206, headers });
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
