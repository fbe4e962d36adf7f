// Runs tus-js-client in a separate process: `bun tus-upload.ts FILE OPTIONS`, for uploads that outlive their client.

import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { FileUrlStorage, StreamSource, Upload, type UploadOptions } from "tus-js-client";

declare module "tus-js-client" {
  // Exports of the package that its types lack.
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

/** The options that can be passed as JSON. */
export interface TusOptions
  extends Pick<
    UploadOptions,
    | "chunkSize"
    | "headers"
    | "metadata"
    | "overridePatchMethod"
    | "parallelUploads"
    | "protocol"
    | "retryDelays"
    | "uploadDataDuringCreation"
  > {
  endpoint: string;
  /** A file that stores the URLs of uploads, so that an unfinished upload can be resumed. */
  urls?: string;
  /** Reads the file as a stream of unknown length. `chunkSize` must not divide the length, or the client hangs. */
  deferred?: boolean;
  /** Reads the file while it is sent, for files larger than memory. */
  reading?: boolean;
  /** The URL of an upload to resume. */
  uploadUrl?: string;
  /** Number of bytes after which the process exits, as in a crash. */
  crashAt?: number;
  /** Number of sent bytes after which the upload is paused. */
  abortAt?: number;
  /** Number of accepted bytes after which the upload is cancelled. */
  cancelAt?: number;
}

/** An event; each is printed as one line of JSON. */
export type TusEvent =
  | { method: string; status: number; location: string | null }
  | { done: "saved" | "cancelled" | "aborted"; url: string | null }
  | { failed: string };

async function upload(file: string, options: TusOptions): Promise<void> {
  const { urls, deferred, reading, crashAt, abortAt, cancelAt, ...given } = options;
  let aborting = false;
  const upload = new Upload(reading ? createReadStream(file) : await readFile(file), {
    retryDelays: null,
    ...given,
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
