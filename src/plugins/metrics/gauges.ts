// The metrics of GET /metrics. Label values come from fixed lists: never a path, a name or text from a client.

import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from "prom-client";
import type { Caps } from "../../core/admission/caps.ts";
import type { UploadRegistry } from "../../core/resumable/registry.ts";
import type { CopyJobs } from "../../core/tree/copy-jobs.ts";
import type { SavedFile } from "../../core/upload/saved-file.ts";
import type { Uploader } from "../../core/upload/uploader.ts";
import { PROBLEMS, type Problem } from "../../errors.ts";
import { targetOf } from "../../http/target.ts";
import { speaksTus } from "../../http/tus/tus.ts";
import { version } from "../../version.ts";
import type { Answer, Change, Download, Observer } from "../log.ts";
import { CertificateGauge } from "./certificate-gauge.ts";
import { processGauges } from "./process-gauges.ts";

/** The services whose state is read at each scrape. */
export interface Sources {
  caps: Caps;
  uploader: Uploader;
  uploads: UploadRegistry;
  jobs: CopyJobs;
}

const LABELS = ["method", "route", "status"];
const METHODS = new Set(["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"]);
/** Buckets in seconds, from a millisecond to an hour. */
const WAIT_BUCKETS = [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600];
/** Problems that mean the client interrupted its own upload. */
const CUTS = new Set(["body_incomplete", "idle_timeout"]);

type Dialect = "put" | "post" | "form" | "tus" | "resumable";
const DIALECTS: readonly Dialect[] = ["put", "post", "form", "tus", "resumable"];
const OUTCOMES = ["saved", "repeated", "refused", "cut", "failed"] as const;

/** Observes the same events as the log, and counts them. */
export class Gauges implements Observer {
  readonly registry = new Registry<OpenMetricsContentType>();
  readonly #registers = [this.registry];
  readonly #uploads = this.#counter("sluice_uploads", "Uploads that ended, by outcome", [
    "dialect",
    "outcome",
  ]);
  readonly #savedBytes = this.#counter("sluice_saved_bytes", "Bytes of saved files", []);
  readonly #waits = new Histogram({
    name: "sluice_upload_wait_seconds",
    help: "Seconds that saved files waited, one observation per file and kind",
    labelNames: ["kind"] as const,
    buckets: WAIT_BUCKETS,
    registers: this.#registers,
  });
  readonly #downloads = this.#counter(
    "sluice_downloads",
    "Downloads of files and archives that ended, by outcome",
    ["ending"],
  );
  readonly #sentBytes = this.#counter("sluice_sent_bytes", "Bytes of completed downloads", []);
  readonly #changes = this.#counter("sluice_changes", "Changes to files and folders", ["what"]);
  readonly #problems = this.#counter("sluice_problems", "Problem answers", ["code"]);
  readonly certificates = new CertificateGauge(this.#registers);
  /** Requests by method, status and route. A plain map, because it is updated on every request. */
  readonly #answered = new Map<string, number>();

  constructor({ caps, uploader, uploads, jobs }: Sources) {
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    // Start every series at 0, so that the first event shows as an increase.
    for (const dialect of DIALECTS)
      for (const outcome of OUTCOMES) this.#uploads.inc({ dialect, outcome }, 0);
    for (const code of Object.keys(PROBLEMS)) this.#problems.inc({ code }, 0);
    for (const ending of ["sent", "cut", "shrank", "revoked"]) this.#downloads.inc({ ending }, 0);

    const { storage, activeUploads: running, slots, limits } = uploader;
    const received = this.#counter("sluice_received_bytes", "Received bytes of uploads", [], () => {
      received.reset();
      received.inc(uploader.receivedBytes);
    });
    const requests = this.#counter("sluice_requests", "Answered requests", LABELS, () => {
      requests.reset();
      for (const [key, count] of this.#answered) {
        const [method = "", status = "", route = ""] = key.split(" ");
        requests.inc({ method, route, status }, count);
      }
    });
    this.#gauge("sluice_uploads_running", "Files being received", () => running.size);
    this.#gauge("sluice_upload_requests", "Upload requests in progress", () => slots.taken);
    this.#gauge(
      "sluice_upload_requests_limit",
      "Maximum number of upload requests, from --max-uploads",
      () => limits.maxUploads,
    );
    this.#gauge("sluice_uploads_unfinished", "Unfinished resumable uploads", () => uploads.unfinished);
    this.#gauge(
      "sluice_memory_held_bytes",
      "Bytes in memory that are waiting for the disk",
      () => storage.load.held,
    );
    this.#gauge(
      "sluice_disk_waiting_uploads",
      "Uploads with bytes in memory and no write in progress",
      () => storage.load.waiting,
    );
    this.#gauge("sluice_disk_syncs", "Syncs in progress", () => storage.load.syncing);
    this.#gauge(
      "sluice_jobs_unfinished",
      "Background copies that are running or queued",
      () => jobs.unfinished,
    );
    this.#gauge(
      "sluice_cap_bytes_per_second",
      "The cap of the whole server, from --cap; 0 without one",
      () => caps.server?.rate ?? 0,
    );
    this.#gauge("sluice_capped_downloads", "Running downloads under a cap", () => caps.downloads);
    this.#gauge("sluice_draining", "1 while the server is shutting down", () => Number(uploader.draining));
    const buildInfo = new Gauge({
      name: "sluice_build_info",
      help: "Always 1; the version is a label",
      labelNames: ["version"],
      registers: this.#registers,
    });
    buildInfo.set({ version }, 1);
    processGauges(this.#registers);
  }

  saved(request: Request | null, { size, flow, repeated }: SavedFile): void {
    const outcome = repeated ? "repeated" : "saved";
    this.#uploads.inc({ dialect: (request ? dialectOf(request) : "tus") ?? "put", outcome });
    if (repeated) return;
    this.#savedBytes.inc(size);
    for (const [kind, seconds] of Object.entries(flow.waits)) this.#waits.observe({ kind }, seconds);
  }

  sent(_: Request, { bytes, ending }: Download): void {
    this.#downloads.inc({ ending });
    if (ending === "sent") this.#sentBytes.inc(bytes ?? 0);
  }

  changed(_: Request, { did }: Change): void {
    this.#changes.inc({ what: did });
  }

  problem(request: Request, { code, status }: Problem): void {
    this.#problems.inc({ code });
    const dialect = dialectOf(request);
    if (dialect === null) return;
    const outcome = status >= 500 && status !== 503 ? "failed" : CUTS.has(code) ? "cut" : "refused";
    this.#uploads.inc({ dialect, outcome });
  }

  answered({ method }: Request, { status, route }: Answer): void {
    const key = `${METHODS.has(method) ? method : "other"} ${Math.floor(status / 100)}xx ${route || "none"}`;
    this.#answered.set(key, (this.#answered.get(key) ?? 0) + 1);
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[], collect?: () => void) {
    return new Counter({ name, help, labelNames, registers: this.#registers, ...(collect && { collect }) });
  }

  #gauge(name: string, help: string, value: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: this.#registers,
      collect: () => gauge.set(value()),
    });
  }
}

/** The upload dialect of a request; `null` for a request that does not upload. */
function dialectOf(request: Request): Dialect | null {
  const { method, headers } = request;
  const { path } = targetOf(request);
  if (path.startsWith("/files/")) {
    if (method === "PUT") return "put";
    if (method !== "POST") return null;
    return /^multipart\/form-data/i.test(headers.get("content-type") ?? "") ? "form" : "post";
  }
  if (path !== "/uploads" && !path.startsWith("/uploads/")) return null;
  if (method !== "POST" && method !== "PATCH") return null;
  return speaksTus(headers) ? "tus" : "resumable";
}
