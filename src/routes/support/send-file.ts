// Hands an open file, or a part of it, to whoever sends the answer; it is closed when that has ended.

import type { Config } from "../../config/config.ts";
import { byteranges } from "../../http/byteranges.ts";
import type { Selection } from "../../http/range.ts";
import type { StoredFile } from "../../storage/storage.ts";
import type { Deliveries } from "./delivery.ts";
import type { Listener } from "./idle-timeout.ts";

/**
 * Times the timeout that a reader may take nothing. One that is slow looks silent while the system's buffers empty: 20 MB
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
 * The answer with all of a file, or with ranges of it. One range, or all, is sent by the system itself: Bun opens the
 * file anew in the very turn in which the handler ends, through the descriptor that is open here, or never. Several are
 * read and sent piece by piece, and have no Content-Length: Bun leaves it out of what is not a file. Without a server it is
 * always all of it.
 * @param headers of the whole file; those that tell about the part are added
 */
export async function sendFile(
  file: StoredFile,
  selection: Exclude<Selection, "nothing">,
  headers: Headers,
  { request, server, deliveries, config }: SendOptions,
): Promise<Response> {
  const { body, entry } = file;
  // An app that is called without a server cannot know when its answer is read.
  if (!server?.requestIP(request)) return new Response(await begun(body, file), { headers });
  const watch = (bytes: number, needs: number) =>
    deliveries.watch({ request, file, bytes, needs }, server, () =>
      // Not before: with the answer's first bytes Bun sets its timer anew.
      server.timeout(request, Math.ceil(config.idleTimeout) * PATIENCE),
    );
  if (selection === "whole") {
    watch(entry.size, entry.size);
    // Of an empty file Bun would refuse every range, though all of it is meant.
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

/** The same bytes as a stream whose reading has begun. */
async function begun(body: Blob, { close }: StoredFile): Promise<ReadableStream<Uint8Array>> {
  const reader = body.stream().getReader();
  let next = reader.read();
  await next.catch(() => {}).finally(close);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await next;
      if (done) return controller.close();
      controller.enqueue(value);
      next = reader.read();
      // Whoever pulls next hears of a failure.
      next.catch(() => {});
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
