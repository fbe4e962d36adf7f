// tus-js-client as a process of its own: `bun tus-upload.ts FILE OPTIONS`, for uploads that outlive their client.

import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { FileUrlStorage, StreamSource, Upload, type UploadOptions } from "tus-js-client";

declare module "tus-js-client" {
  // What the package has and its types leave out.
  interface UploadOptions {
    protocol?: Protocol;
  }
  class FileUrlStorage {
    constructor(path: string);
  }
  interface FileUrlStorage extends UrlStorage {}
  class StreamSource {
    constructor(stream: NodeJS.ReadableStream);
  }
  interface StreamSource extends FileSource {}
}

export type Protocol = "tus-v1" | "ietf-draft-03" | "ietf-draft-05";

/** What can be said as JSON. */
export interface TusOptions
  extends Pick<
    UploadOptions,
    | "chunkSize"
    | "metadata"
    | "overridePatchMethod"
    | "parallelUploads"
    | "protocol"
    | "uploadDataDuringCreation"
  > {
  endpoint: string;
  /** The file that remembers URLs of uploads: with it, one that was begun goes on. */
  urls?: string;
  /** Reads the file as a stream of unknown length. Needs a `chunkSize` that does not divide the length: the client hangs. */
  deferred?: boolean;
  /** Reads the file while it is sent: for one that is larger than the memory. */
  reading?: boolean;
  /** The URL of an upload to go on with. */
  uploadUrl?: string;
  /** Ends the process, as a crash would, once so many bytes were sent. */
  crashAt?: number;
  /** Stops once so many bytes were sent; the upload waits. */
  abortAt?: number;
  /** Cancels the upload once so many bytes were taken. */
  cancelAt?: number;
}

/** What happened: one line of JSON on stdout for each. */
export type TusEvent =
  | { method: string; status: number; location: string | null }
  | { done: "saved" | "cancelled" | "aborted"; url: string | null }
  | { failed: string };

async function upload(file: string, options: TusOptions): Promise<void> {
  const { urls, deferred, reading, crashAt, abortAt, cancelAt, ...given } = options;
  let aborting = false;
  const upload = new Upload(reading ? createReadStream(file) : await readFile(file), {
    ...given,
    retryDelays: null,
    ...(deferred && {
      uploadLengthDeferred: true,
      fileReader: { openFile: async () => new StreamSource(createReadStream(file)) },
    }),
    ...(urls && { urlStorage: new FileUrlStorage(urls), removeFingerprintOnSuccess: true }),
    onAfterResponse: (request, response) =>
      say({
        method: request.getMethod(),
        status: response.getStatus(),
        location: response.getHeader("location") ?? null,
      }),
    onProgress: (sent) => {
      if (crashAt !== undefined && sent >= crashAt) process.exit(9);
      if (abortAt === undefined || sent < abortAt || aborting) return;
      aborting = true;
      void upload.abort().then(() => {
        say({ done: "aborted", url: upload.url });
        process.exit(0);
      });
    },
    onChunkComplete: (_, taken) => {
      if (cancelAt === undefined || taken < cancelAt) return;
      void upload.abort(true).then(() => say({ done: "cancelled", url: upload.url }));
    },
    onError: (error) => {
      say({ failed: error.message });
      process.exit(1);
    },
    onSuccess: () => say({ done: "saved", url: upload.url }),
  });
  const [previous] = urls ? await upload.findPreviousUploads() : [];
  if (previous) upload.resumeFromPreviousUpload(previous);
  upload.start();
}

function say(event: TusEvent): void {
  console.log(JSON.stringify(event));
}

if (import.meta.main) {
  const [file = "", options = "{}"] = process.argv.slice(2);
  await upload(file, JSON.parse(options));
}
