// /api/probe: for `sluice doctor URL`, which finds out what is between it and this server. Touches the disk only if asked.

import { type DocumentDecoration, Elysia, type Static, t } from "elysia";
import { Gate } from "../../core/admission/gate.ts";
import { buildFlowReport } from "../../core/report/flow-report.ts";
import type { Upload } from "../../core/upload/upload.ts";
import { Problem } from "../../errors.ts";
import { contentLength } from "../../http/content-length.ts";
import { checkFilePath } from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { lingeringClose } from "../../plugins/lingering-close.ts";
import { bytes, json, problems } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { oneOf, Probe } from "../openapi/shapes.ts";
import { type Listener, suspendIdleTimeout } from "../support/idle-timeout.ts";
import { JSON_HEADERS } from "../support/json-answer.ts";
import { announcedSize, receive } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";
import { probeBytes } from "./probe-bytes.ts";

/** Bytes of one probe, in either direction. */
const LARGEST = 2 ** 30;
/** Seconds of one probe. */
const LONGEST = 60;
/** Seconds a client may ask to be kept waiting. */
const LONGEST_WAIT = 30;
/** Probes at once, all clients together. */
const MOST = 16;

/** What is told back of a request: only what uploads and downloads need. A proxy may have added secrets to others. */
const SEEN = [
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "content-disposition",
  "content-digest",
  "repr-digest",
  "want-repr-digest",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
  "if-range",
  "tus-resumable",
  "upload-length",
  "upload-offset",
  "upload-metadata",
  "upload-checksum",
  "upload-complete",
  "upload-draft-interop-version",
  "x-request-id",
] as const;

/** What answers of the server carry in earnest. Proxies that change these break downloads or resuming. */
const ANSWER = {
  location: "/api/probe",
  "content-location": "/api/probe",
  etag: '"probe"',
  "upload-offset": "7",
  "upload-complete": "?0",
  "content-disposition": 'attachment; filename="probe.bin"',
} as const;

type Seen = Pick<Static<typeof Probe>, "received" | "firstByte" | "lastByte" | "flow">;

interface Asked {
  announce?: string | undefined;
  save?: string | undefined;
  wait?: number | undefined;
}

export function probe(services: Services) {
  const { config, uploader } = services;
  const full = `${MOST} probes are already running, the maximum. Try again in 5 seconds.`;
  const gate = new Gate(MOST, { code: "too_many_probes", detail: full }, 5);

  const take = async (request: Request, asked: Asked, server: Listener): Promise<Response> => {
    if (asked.announce === "true") {
      const { text, headers } = told(request, { received: 0 });
      return lingeringClose(request, text, 200, headers);
    }
    if ((contentLength(request.headers) ?? 0) > LARGEST) throw tooLarge();
    const release = gate.enter();
    try {
      const seen = await read(request, server, asked.save === "true");
      if (asked.wait !== undefined) await keepWaiting(request, server, asked.wait);
      const { text, headers } = told(request, seen);
      // Read to its end: the connection can be used again, and is up to speed then.
      return new Response(text, { headers });
    } finally {
      release();
    }
  };

  /** Reads the body to its end. What goes to the disk is taken away again, and never has a name. */
  const read = async (request: Request, server: Listener, saves: boolean): Promise<Seen> => {
    const { body, saving, close } = receive(services, request, server);
    const late = setTimeout(() => body.stop(tooLarge()), LONGEST * 1000);
    const began = performance.now();
    const seen: Seen = { received: 0 };
    let upload: Upload | undefined;
    try {
      if (saves)
        upload = await uploader.begin({
          path: checkFilePath("probe"),
          id: crypto.randomUUID(),
          size: announcedSize(request),
          conflict: "rename",
          conditions: {},
          digests: [],
          wantedDigest: null,
          networkSeconds: () => body.waited,
        });
      for await (const chunk of body.chunks()) {
        seen.received = body.received;
        seen.lastByte = (performance.now() - began) / 1000;
        seen.firstByte ??= seen.lastByte;
        if (body.received > LARGEST) throw tooLarge();
        const room = upload?.write(chunk);
        if (room) await room;
      }
      if (upload) seen.flow = buildFlowReport(upload.timings());
      return seen;
    } finally {
      clearTimeout(late);
      saving();
      await upload?.discard();
      close();
    }
  };

  const shared = {
    parse: "none",
    allow: "write",
    query: t.Object({
      announce: t.Optional(
        oneOf(
          ["true", "false"],
          "Answer at once and read nothing: to learn which lengths a proxy lets through",
        ),
      ),
      save: t.Optional(
        oneOf(
          ["true", "false"],
          "Write the bytes to the disk, and take them away at the end: `flow` tells how fast",
        ),
      ),
      wait: t.Optional(
        t.Integer({ minimum: 0, maximum: LONGEST_WAIT, description: "Seconds of silence before the answer" }),
      ),
    }),
    response: {
      200: json(Probe, { description: "What arrived", headers: ["Location", "ETag", "Upload-Offset"] }),
      ...problems(
        "not_allowed",
        "invalid_request",
        "body_incomplete",
        "idle_timeout",
        "unsupported_encoding",
        "probe_too_large",
        "too_many_probes",
        "too_many_uploads",
        "draining",
        "storage_full",
        "storage_failed",
        "storage_read_only",
        "storage_gone",
      ),
    },
  } as const;
  const detail = (operationId: string, method: string): DocumentDecoration => ({
    operationId,
    summary: `Send bytes that are dropped, by ${method}`,
    description: `For \`sluice doctor\`: what of a request arrives, and when. At most 1 GiB in ${LONGEST} s, and ${MOST} at once. The methods differ only in what proxies let through.`,
    tags: ["Server"],
    requestBody: {
      content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
    },
  });
  const handler = ({ request, query, server }: { request: Request; query: Asked; server: Listener }) =>
    take(request, query, server);

  return new Elysia({ name: "probe" })
    .use(access(config.allow))
    .get(
      "/api/probe",
      ({ request, query }) =>
        probeBytes(request, {
          bytes: query.bytes ?? 0,
          zero: query.content === "zero",
          longest: LONGEST,
          ended: gate.enter(),
        }),
      {
        // Those who may only send need it, too, and it reads no file.
        allow: "write",
        query: t.Object({
          bytes: t.Optional(
            t.Integer({ minimum: 0, maximum: LARGEST, description: "How many; none unless said" }),
          ),
          content: t.Optional(
            oneOf(["random", "zero"], "Random unless said; zeros show what compression does"),
          ),
        }),
        response: {
          200: bytes({ description: "The bytes", headers: ["Content-Disposition", "ETag"] }),
          206: bytes({ description: "Those that `Range` asked for", headers: ["Content-Range", "ETag"] }),
          ...problems("not_allowed", "invalid_request", "range_not_satisfiable", "too_many_probes"),
        },
        detail: {
          operationId: "getProbe",
          summary: "Bytes that are made up",
          description: `For \`sluice doctor\`: how fast downloads are. At most 1 GiB in ${LONGEST} s, and ${MOST} at once.`,
          tags: ["Server"],
          parameters: requestHeaders("Range", "If-Range"),
        },
      },
    )
    .put("/api/probe", handler, { ...shared, detail: detail("putProbe", "PUT") })
    .post("/api/probe", handler, { ...shared, detail: detail("postProbe", "POST") })
    .patch("/api/probe", handler, { ...shared, detail: detail("patchProbe", "PATCH") })
    .delete("/api/probe", handler, { ...shared, detail: detail("deleteProbe", "DELETE") });
}

function told(request: Request, seen: Seen): { text: string; headers: Headers } {
  const headers = SEEN.flatMap((name) => {
    const value = request.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const text = JSON.stringify({ method: request.method, headers: Object.fromEntries(headers), ...seen });
  return { text, headers: new Headers({ ...JSON_HEADERS, ...ANSWER }) };
}

function tooLarge(): Problem {
  return new Problem("probe_too_large", `A probe brings at most 1 GiB, within ${LONGEST} s.`);
}

/** Says nothing for some seconds, or until the client is gone. */
async function keepWaiting(request: Request, server: Listener, seconds: number): Promise<void> {
  suspendIdleTimeout(request, server);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    request.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
