// /api/probe: lets `sluice doctor URL` examine the network and proxies in between. Writes to the disk only with `save`.

import { type DocumentDecoration, Elysia, type Static, t } from "elysia";
import { Gate } from "../../core/admission/gate.ts";
import { buildFlowReport } from "../../core/report/flow-report.ts";
import type { Upload } from "../../core/upload/upload.ts";
import { Problem } from "../../errors.ts";
import { contentLength } from "../../http/framing.ts";
import { checkFilePath, ROOT } from "../../path.ts";
import { access, prove } from "../../plugins/access.ts";
import { lingeringClose } from "../../plugins/lingering-close.ts";
import { bytes, json, problems } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { oneOf, Probe } from "../openapi/shapes.ts";
import { type BunServer, suspendIdleTimeout } from "../support/idle-timeout.ts";
import { JSON_HEADERS } from "../support/json-answer.ts";
import { announcedSize, receive } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";
import { probeBytes } from "./probe-bytes.ts";

/** Maximum bytes of one probe, in either direction. */
const MAX_BYTES = 2 ** 30;
/** Maximum seconds of one probe. */
const MAX_SECONDS = 60;
/** Maximum of `wait` in seconds. */
const MAX_WAIT = 30;
/** Maximum number of concurrent probes of all clients. */
const MAX_CONCURRENT = 16;

/** The request headers that are reported: only those that uploads and downloads need. A proxy may add secrets to others. */
const REPORTED_HEADERS = [
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

/** Sample values of headers that uploads and downloads rely on: a proxy that changes them breaks downloads or resuming. */
const ANSWER = {
  location: "/api/probe",
  "content-location": "/api/probe",
  etag: '"probe"',
  "upload-offset": "7",
  "upload-complete": "?0",
  "content-disposition": 'attachment; filename="probe.bin"',
} as const;

type ProbeTimings = Pick<Static<typeof Probe>, "received" | "firstByte" | "lastByte" | "flow">;

interface ProbeQuery {
  announce?: string | undefined;
  save?: string | undefined;
  wait?: number | undefined;
}

export function probe(services: Services) {
  const { uploader } = services;
  const full = `${MAX_CONCURRENT} probes are already running, the maximum. Try again in 5 seconds.`;
  const gate = new Gate(MAX_CONCURRENT, { code: "too_many_probes", detail: full }, 5);

  const answer = async (request: Request, query: ProbeQuery, server: BunServer): Promise<Response> => {
    if (query.announce === "true") {
      const { text, headers } = report(request, { received: 0 });
      return lingeringClose(request, text, 200, headers);
    }
    if ((contentLength(request.headers) ?? 0) > MAX_BYTES) throw tooLarge();
    const release = gate.enter();
    try {
      const measured = await read(request, server, query.save === "true");
      if (query.wait !== undefined) await keepWaiting(request, server, query.wait);
      const { text, headers } = report(request, measured);
      // The body was read completely, so the connection can be reused at full speed.
      return new Response(text, { headers });
    } finally {
      release();
    }
  };

  /** Reads the whole body. With `saves` the bytes are also written to an unnamed file, which is deleted at the end. */
  const read = async (request: Request, server: BunServer, saves: boolean): Promise<ProbeTimings> => {
    const { body, saving, close } = receive(services, request, server);
    const timer = setTimeout(() => body.stop(tooLarge()), MAX_SECONDS * 1000);
    const began = performance.now();
    const measured: ProbeTimings = { received: 0 };
    let upload: Upload | undefined;
    try {
      if (saves)
        upload = await uploader.begin({
          path: checkFilePath("probe"),
          id: crypto.randomUUID(),
          size: announcedSize(request),
          conflict: "rename",
          may: { replace: false, read: false },
          conditions: {},
          digests: [],
          wantedDigest: null,
          networkSeconds: () => body.waited,
        });
      for await (const chunk of body.chunks()) {
        measured.received = body.received;
        measured.lastByte = (performance.now() - began) / 1000;
        measured.firstByte ??= measured.lastByte;
        if (body.received > MAX_BYTES) throw tooLarge();
        const backpressure = upload?.write(chunk);
        if (backpressure) await backpressure;
      }
      if (upload) measured.flow = buildFlowReport(upload.timings());
      return measured;
    } finally {
      clearTimeout(timer);
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
          "Answer immediately without reading the body, to test which body sizes a proxy accepts",
        ),
      ),
      save: t.Optional(
        oneOf(
          ["true", "false"],
          "Write the bytes to the disk and delete them at the end; `flow` reports the speed",
        ),
      ),
      wait: t.Optional(
        t.Integer({ minimum: 0, maximum: MAX_WAIT, description: "Seconds of silence before the answer" }),
      ),
    }),
    response: {
      200: json(Probe, {
        description: "What the server received",
        headers: ["Location", "ETag", "Upload-Offset"],
      }),
      ...problems(
        "not_allowed",
        "invalid_request",
        "body_incomplete",
        "idle_timeout",
        "unsupported_encoding",
        "unsupported_type",
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
    summary: `Send bytes to be discarded, with ${method}`,
    description: `For \`sluice doctor\`: reports which headers and bytes arrive, and when. At most 1 GiB within ${MAX_SECONDS} s and ${MAX_CONCURRENT} concurrent probes. The methods behave the same, but proxies may treat them differently.`,
    tags: ["Server"],
    requestBody: {
      content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
    },
  });
  const handler = ({
    request,
    query,
    server,
  }: {
    request: Request;
    query: ProbeQuery;
    server: BunServer;
  }) => {
    // The word somewhere is enough: nothing of the bytes is kept.
    prove(request, [], ROOT);
    return answer(request, query, server);
  };

  return new Elysia({ name: "probe" })
    .use(access(services))
    .get(
      "/api/probe",
      ({ request, query }) => {
        prove(request, [], ROOT);
        return probeBytes(request, {
          bytes: query.bytes ?? 0,
          zero: query.content === "zero",
          longest: MAX_SECONDS,
          ended: gate.enter(),
        });
      },
      {
        // Reads no file, so a client that may only upload can use it too.
        allow: "write",
        query: t.Object({
          bytes: t.Optional(
            t.Integer({ minimum: 0, maximum: MAX_BYTES, description: "Number of bytes (default 0)" }),
          ),
          content: t.Optional(
            oneOf(["random", "zero"], "Default `random`; `zero` reveals compression by a proxy"),
          ),
        }),
        response: {
          200: bytes({ description: "The bytes", headers: ["Content-Disposition", "ETag"] }),
          206: bytes({ description: "The requested range", headers: ["Content-Range", "ETag"] }),
          ...problems("not_allowed", "invalid_request", "range_not_satisfiable", "too_many_probes"),
        },
        detail: {
          operationId: "getProbe",
          summary: "Download generated bytes",
          description: `For \`sluice doctor\`: measures download speed. At most 1 GiB within ${MAX_SECONDS} s and ${MAX_CONCURRENT} concurrent probes.`,
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

function report(request: Request, measured: ProbeTimings): { text: string; headers: Headers } {
  const headers = REPORTED_HEADERS.flatMap((name) => {
    const value = request.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const text = JSON.stringify({ method: request.method, headers: Object.fromEntries(headers), ...measured });
  return { text, headers: new Headers({ ...JSON_HEADERS, ...ANSWER }) };
}

function tooLarge(): Problem {
  return new Problem("probe_too_large", `A probe must not exceed 1 GiB or ${MAX_SECONDS} s: send less.`);
}

/** Stays silent for some seconds, or until the client disconnects. */
async function keepWaiting(request: Request, server: BunServer, seconds: number): Promise<void> {
  suspendIdleTimeout(request, server);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    request.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
