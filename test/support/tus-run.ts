// Runs tus-upload.ts and returns its requests and result.

import { join } from "node:path";
import type { TusEvent, TusOptions } from "./tus-upload.ts";

const CLIENT = join(import.meta.dir, "tus-upload.ts");

export interface Ended {
  code: number;
  /** The requests with their status: `POST 201`, … */
  requests: string[];
  /** The URL of the upload, unless the process crashed. */
  url: string | null;
  /** The outcome of the upload. */
  end: TusEvent | undefined;
}

/** Uploads a file in a new process. */
export async function runTusUpload(path: string, options: TusOptions): Promise<Ended> {
  const words = [process.execPath, CLIENT, path, JSON.stringify(options)];
  const child = Bun.spawn(words, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const [code, text] = await Promise.all([child.exited, child.stdout.text()]);
  const events = text
    .split("\n")
    .filter(Boolean)
    .map((line): TusEvent => JSON.parse(line));
  const requests = events.flatMap((event) => ("method" in event ? [`${event.method} ${event.status}`] : []));
  const end = events.find((event) => !("method" in event));
  return { code, requests, end, url: end && "url" in end ? end.url : null };
}
