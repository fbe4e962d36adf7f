// Creates the app: wires all plugins and routes to one storage.

import { dirname, join, resolve } from "node:path";
import { Elysia } from "elysia";
import { Access } from "./access/access.ts";
import { AuditLog } from "./access/audit/audit-log.ts";
import { accessFile } from "./access/database/open.ts";
import { allowBeforeAccounts, warnOfAccounts } from "./access/late-accounts.ts";
import { Links } from "./access/links/links.ts";
import { identityProvider } from "./access/login/identity-provider.ts";
import { Logins } from "./access/logins.ts";
import { Setup } from "./access/setup.ts";
import type { Config } from "./config/config.ts";
import { defaults } from "./config/options.ts";
import { Caps } from "./core/admission/caps.ts";
import type { QuotaRule } from "./core/admission/quota/quota.ts";
import { rootReports } from "./core/admission/root-reports.ts";
import { WriteRecovery } from "./core/admission/write-recovery.ts";
import { Archives } from "./core/archive/archive.ts";
import { walk } from "./core/browse/walk.ts";
import { EventFeed } from "./core/live/event-feed.ts";
import { UploadRegistry } from "./core/resumable/registry.ts";
import { CopyJobs } from "./core/tree/copy-jobs.ts";
import { TrashCan } from "./core/tree/trash.ts";
import { Uploader } from "./core/upload/uploader.ts";
import { asProblem } from "./errors.ts";
import { Hooks } from "./hooks/hooks.ts";
import { namesHtml } from "./http/negotiation/accept.ts";
import { compression } from "./plugins/compression.ts";
import { errors, lateErrorResponse } from "./plugins/errors.ts";
import { EventObserver } from "./plugins/event-observer.ts";
import { guards } from "./plugins/guards/guards.ts";
import { createLog, type Log, withObserver } from "./plugins/log.ts";
import { Gauges } from "./plugins/metrics/gauges.ts";
import { query } from "./plugins/query.ts";
import { requestTiming } from "./plugins/request-timing.ts";
import { endRevoked } from "./plugins/revoking/revoking.ts";
import { target } from "./plugins/target/target.ts";
import { accessRoutes } from "./routes/access/access.ts";
import { archive } from "./routes/api/archive.ts";
import { batch } from "./routes/api/batch.ts";
import { copy } from "./routes/api/copy.ts";
import { entries } from "./routes/api/entries.ts";
import { watchUploads } from "./routes/api/events.ts";
import { folders } from "./routes/api/folders.ts";
import { jobRoutes } from "./routes/api/jobs.ts";
import { moving } from "./routes/api/move.ts";
import { search } from "./routes/api/search.ts";
import { trashRoutes } from "./routes/api/trash.ts";
import { listUploads } from "./routes/api/uploads.ts";
import { usage } from "./routes/api/usage.ts";
import { fileRoutes } from "./routes/files/files.ts";
import type { Route } from "./routes/openapi/document.ts";
import { swagger } from "./routes/openapi/swagger.ts";
import { health } from "./routes/ops/health.ts";
import { metrics } from "./routes/ops/metrics.ts";
import { page } from "./routes/ops/page.ts";
import { probe } from "./routes/ops/probe.ts";
import { problems } from "./routes/ops/problems.ts";
import { Pacing } from "./routes/support/connection/pacing.ts";
import { Deliveries } from "./routes/support/delivery.ts";
import { pageAnswer } from "./routes/support/page-html.ts";
import type { Services } from "./routes/support/services.ts";
import { uploads as uploadRoutes } from "./routes/uploads/uploads.ts";
import { openDisk } from "./storage/disk/disk.ts";
import type { Storage } from "./storage/storage.ts";

/** Every option is optional and has the default of the command line. */
export interface AppOptions extends Partial<Config> {
  /** Bytes that the files below a folder may have together, besides the quotas of `sluice quota`. */
  quotas?: readonly QuotaRule[];
  /** Used instead of the folder `root`. The caller must close it. */
  storage?: Storage;
  /** @default lines on standard error */
  logger?: Log;
  /** Lets the first owner be made over HTTP, and nobody do anything before. */
  setup?: boolean;
}

/** The maximum of Bun's own idle timeout, in seconds. */
const MAX_IDLE_TIMEOUT = 255;

/**
 * Creates the app without listening: call `app.listen(port)` or `app.handle(request)`.
 * @throws RootInUse, or the system's error when the root cannot be opened
 */
export async function createApp(options: AppOptions = {}) {
  const { storage: provided, logger, quotas = [], setup: isSetUp = false, ...settings } = options;
  const config: Config = { ...defaults, ...settings };
  const lines = logger ?? createLog(config.log, undefined, config.logLevel);
  const warn = (message: string): void => lines.say(message, "warn");
  const file = provided && config.access === undefined ? null : accessFile(config.root, config.access);
  const provider = await identityProvider(config);
  const allow = allowBeforeAccounts(config, isSetUp);
  const access = Access.open({ file, allow, warn });
  const setup = isSetUp && !access.closed ? new Setup() : null;
  const logins = new Logins(access, provider);
  const write = access.mayChange || setup !== null || allow !== config.allow;
  if (!write) warnOfAccounts(access, warn);
  const storage = provided ?? (await openDisk(config.root, { write, warn }));
  const uploader = new Uploader(storage, config);
  const setQuotas = (): void => uploader.quotas.set([...quotas, ...access.snapshot.quotas]);
  setQuotas();
  access.onChange(setQuotas);
  const links = new Links(access, logins);
  uploader.followers.add(links);
  const uploads = await UploadRegistry.open(uploader, config).catch(async (error) => {
    if (!provided) await storage.close();
    throw error;
  });
  const recovery =
    provided || !write
      ? null
      : await WriteRecovery.start(
          storage,
          rootReports(uploads, (...line) => lines.say(...line)),
        );
  // The root may have become writable since the uploads were read.
  if (uploads.unread) await uploads.load();
  uploader.quotas.start(
    (folder) => walk(storage, folder),
    (folder, error) =>
      warn(`The quota of ${folder || "the root"} was not measured: ${asProblem(error).detail}`),
  );
  const jobs = new CopyJobs();
  endRevoked({ access, uploader, jobs });
  const caps = new Caps(config.cap);
  const gauges = new Gauges({ caps, uploader, uploads, jobs });
  const hooks = new Hooks({ access, root: resolve(config.root), warn });
  const audit = file === null ? null : new AuditLog(join(dirname(file), "audit.jsonl"), warn);
  const observer = new EventObserver(hooks, () => (access.closed ? audit : null));
  const log = withObserver(withObserver(lines, gauges), observer);
  uploads.finals.start({
    saved: (file) => log.saved(null, file),
    failed: (path, { detail }) => warn(`The parts of ${path} were not concatenated: ${detail}`),
    permits: (maker, path) => access.byMaker(maker)?.can("write", path) ?? false,
  });
  const trash = config.trash === undefined ? null : new TrashCan(uploader, config.trash, warn);
  const events = new EventFeed(uploader, uploads);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    events.close();
    await jobs.close();
    await trash?.close();
    await recovery?.close();
    // Aborted uploads still delete the bytes that they left in the root.
    await uploader.slots.idle();
    await uploads.close();
    await uploader.quotas.close();
    await hooks.close();
    await audit?.close();
    logins.close();
    access.close();
    if (!provided) await storage.close();
  };
  const services: Services = {
    config,
    caps,
    access,
    logins,
    setup,
    links,
    hooks,
    audit,
    archives: new Archives(storage),
    deliveries: new Deliveries(log, access),
    pacing: new Pacing(),
    uploader,
    uploads,
    events,
    jobs,
    trash,
    storage,
    gauges,
    log,
    close() {
      closing ??= close();
      return closing;
    },
  };

  let routes: () => readonly Route[] = () => [];
  const app = new Elysia({
    // The default prints a warning for every schema with a parameter called `*`.
    normalize: "typebox",
    // Elysia assumes hosts of at least four characters; with shorter ones it matches no wildcard route. See `target`.
    handler: { standardHostname: false },
    serve: {
      ...serveOptions(config),
      error: (error) => lateErrorResponse(error, { ...config, log }),
    },
  })
    // Browsers must not guess another media type.
    .headers({ "x-content-type-options": "nosniff" })
    .use(requestTiming(log, config))
    .use(
      errors({
        ...config,
        log,
        methodsOf: (path) => methodsOf(routes(), path),
        page: pageAnswer,
      }),
    )
    .use(guards(config))
    .use(query({ maxErrors: config.maxErrors, keysOf: (...route) => queryKeys(routes(), ...route) }))
    .use(target(config))
    .use(compression())
    .use(fileRoutes(services))
    .use(entries(services))
    .use(search(services))
    .use(usage(services))
    .use(folders(services))
    .use(moving(services))
    .use(archive(services))
    .use(copy(services))
    .use(batch(services))
    .use(trashRoutes(services))
    .use(jobRoutes(services))
    .use(listUploads(services))
    .use(watchUploads(services))
    .use(uploadRoutes(services))
    .use(accessRoutes(services))
    .use(health(services))
    .use(metrics(services, gauges))
    .use(probe(services))
    .use(problems(services))
    .use(swagger(services, () => routes()))
    .use(await page(services))
    .decorate("services", services)
    .onStop(() => services.close());
  routes = () => app.routes;
  return app;
}

/** The options of Bun's server, also for applications that start it themselves. */
export function serveOptions(config: Config) {
  return {
    hostname: config.host,
    // The app's own limits answer with a problem; Bun's limit sends an empty answer.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: Math.min(MAX_IDLE_TIMEOUT, Math.ceil(config.idleTimeout)),
    // Two servers must not share a port silently.
    reusePort: false,
    // In development mode Bun's error page shows source code.
    development: false,
  };
}

/** The type of the app with all its routes, for the Eden client. */
export type App = Awaited<ReturnType<typeof createApp>>;

/**
 * The methods that have a route for this path. A route for all methods counts as GET and HEAD. Routes registered for the
 * exact path take precedence over patterns such as `/api/jobs/:id`.
 */
function methodsOf(routes: readonly Route[], path: string): string[] {
  const methods = new Set<string>();
  const own = routes.filter((route) => route.path === path);
  for (const route of own.length > 0 ? own : routes) {
    if (!matches(route.path, path)) continue;
    if (route.method === "ALL" || route.method === "GET") methods.add("GET").add("HEAD");
    else methods.add(route.method);
  }
  return [...methods].sort();
}

/**
 * The query keys that a route documents. Undefined for pages, and for files and folders that a browser opens: other
 * websites add keys to links (`?fbclid=`).
 */
function queryKeys(routes: readonly Route[], { method, headers }: Request, path: string) {
  const reading = method === "GET" || method === "HEAD";
  if (reading && path === "/files/*" && namesHtml(headers)) return undefined;
  const route = routes.find(
    (one) => one.path === path && (one.method === method || (reading && ["GET", "ALL"].includes(one.method))),
  );
  if (!route || (route.method === "GET" && route.hooks.detail?.hide)) return undefined;
  return route.hooks.query?.properties ?? {};
}

/** A final `*` matches any remainder of the path, `:name` one segment. */
function matches(route: string, path: string): boolean {
  const segments = path.split("/");
  const pattern = route.split("/");
  const open = pattern.at(-1) === "*";
  return (
    (open ? segments.length >= pattern.length : segments.length === pattern.length) &&
    pattern.every((part, index) => part === segments[index] || part.startsWith(":") || (part === "*" && open))
  );
}
