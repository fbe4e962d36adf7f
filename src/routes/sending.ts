// Hands an open file to whoever sends the answer, and closes it as soon as that reads by itself.

import type { StoredFile } from "../storage/storage.ts";
import type { Listener } from "./receiving.ts";

/**
 * Times the timeout that a reader may take nothing. One that is slow looks silent while the system's buffers empty: 20 MB
 * between two programs on one machine, such as a proxy and this server.
 */
const PATIENCE = 10;

/**
 * The body of an answer. Bun's server opens the file anew in the very turn in which the handler ends, through the
 * descriptor that is open here, or never: `setImmediate` comes after that. With it go sendfile, ranges and the length.
 */
export async function sending(file: StoredFile, request: Request, server: Listener, idleTimeout: number) {
  // An app that is called without a server cannot know when its answer is read.
  if (!server?.requestIP(request)) return await begun(file);
  setImmediate(() => {
    void file.close();
    // Not before: with the answer's first bytes Bun sets its timer anew.
    server.timeout(request, Math.ceil(idleTimeout) * PATIENCE);
  });
  return file.body;
}

/** The same bytes as a stream whose reading has begun. */
async function begun({ body, close }: StoredFile): Promise<ReadableStream<Uint8Array>> {
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
