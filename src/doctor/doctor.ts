// `sluice doctor`: examines, writes a report and returns an exit code. A signal stops it early and leaves no files behind.

import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { bare } from "../http/login.ts";
import type { Terminal } from "../system/terminal.ts";
import { type Report, worst } from "./finding.ts";
import { progress } from "./progress.ts";
import { reportJson, reportText } from "./report.ts";
import { examineServer } from "./server/server.ts";
import { serverSummary } from "./server/summary.ts";
import { urlSummary } from "./url/summary.ts";
import { examineUrl } from "./url/url.ts";

/**
 * The subject of an examination: the configuration `serve` would use here, or the URL of a server. `insecure`: its login is
 * also sent to a certificate that is not trusted.
 */
export type Subject = { readonly config: Config } | { readonly url: URL; readonly insecure: boolean };

/** The format of the report. */
export interface Form {
  readonly json: boolean;
  readonly terminal: Terminal;
}

const INTERRUPTED = 130;

/**
 * Writes the report to standard output, and progress to standard error if that is a terminal.
 * @returns the exit code: 0 no problem found, 1 at least one problem, 130 stopped by a signal
 */
export async function doctor(subject: Subject, { json, terminal }: Form): Promise<number> {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"]) {
    process.on(name, () => {
      // A second signal exits at once, without waiting for the disk.
      if (stop.signal.aborted) process.exit(INTERRUPTED);
      stop.abort();
    });
  }
  const began = performance.now();
  const status = progress(process.stderr);
  const groups = await examine(subject, stop.signal, status.say).finally(status.end);
  if (stop.signal.aborted) {
    process.stderr.write("sluice: interrupted; no files were left behind.\n");
    return INTERRUPTED;
  }
  const report: Report = {
    subject: "url" in subject ? { url: bare(subject.url).href } : { root: resolve(subject.config.root) },
    seconds: (performance.now() - began) / 1000,
    groups,
    summary: "url" in subject ? urlSummary(groups) : serverSummary(groups),
  };
  const text = json ? reportJson(report) : reportText(report, terminal);
  await new Promise<void>((done) => process.stdout.write(text, () => done()));
  return worst(groups.flatMap(({ findings }) => findings)) === "problem" ? 1 : 0;
}

async function examine(subject: Subject, signal: AbortSignal, says: (what: string) => void) {
  if ("url" in subject) return await examineUrl(subject.url, signal, says, subject);
  return await examineServer(subject.config, signal, says);
}
