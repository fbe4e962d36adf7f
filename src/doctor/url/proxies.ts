// Which proxy answers, as far as its headers say, and the lines that change what is wrong with it.

/** What can be wrong between a client and the server. */
export type Fault =
  | "size"
  | "buffering"
  | "host"
  | "range"
  | "etag"
  | "headers"
  | "methods"
  | "compression"
  | "idle";

const LINES = {
  nginx: {
    name: "nginx",
    size: "client_max_body_size 0;",
    buffering: "proxy_request_buffering off; proxy_http_version 1.1;",
    host: "proxy_set_header Host $http_host;",
    range: "remove `proxy_set_header Range`, `proxy_cache` and `max_ranges`",
    etag: "gzip off; and remove `proxy_hide_header ETag`, `etag off`, `sub_filter`",
    headers: "remove the `proxy_set_header` and `proxy_hide_header` lines for them",
    methods: "remove `limit_except`, or allow PUT, POST, PATCH and DELETE in it",
    compression: "gzip off;",
    idle: "client_body_timeout 255s; proxy_read_timeout 300s; proxy_send_timeout 300s;",
  },
  caddy: {
    name: "Caddy",
    size: "remove `request_body { max_size … }`",
    buffering: "remove `request_buffers` from reverse_proxy",
    host: "remove `header_up Host …`",
    range: "remove `header_up -Range`",
    etag: "remove `header_down -ETag` and `encode`",
    headers: "remove the `header_up` and `header_down` lines for them",
    methods: "remove the `method` matcher",
    compression: "remove `encode`",
    idle: "servers { timeouts { read_body 0 } } and remove `response_header_timeout` of the transport",
  },
  traefik: {
    name: "Traefik",
    size: "remove `maxRequestBodyBytes` of the buffering middleware",
    buffering: "remove the buffering middleware",
    host: "passHostHeader: true",
    range: "remove Range from `customRequestHeaders`",
    etag: "remove the compress middleware, and ETag from `customResponseHeaders`",
    headers: "remove them from `customRequestHeaders` and `customResponseHeaders`",
    methods: "remove `Method(…)` from the rule of the router",
    compression: "remove the compress middleware",
    idle: "entryPoints.NAME.transport.respondingTimeouts.readTimeout: 0",
  },
  cloudflare: {
    name: "Cloudflare",
    size: "its plans end at 100 to 500 MB for one request: upload by tus in chunks below that, or set the DNS record to `DNS only`",
    buffering: "it cannot be told not to: set the DNS record to `DNS only`",
    host: "remove the origin rule that overrides the Host header",
    range: "a cache rule for this host: Bypass cache",
    etag: "a cache rule for this host: Bypass cache; a configuration rule: no Rocket Loader, no minification; strong ETags on",
    headers: "remove the transform rules for them",
    methods: "remove the WAF rule against them",
    compression: "a compression rule for this host: off",
    idle: "it ends requests after 100 s of silence: upload by tus, in chunks",
  },
} as const satisfies Record<string, Record<Fault | "name", string>>;

export type ProxyName = keyof typeof LINES;

/** The proxy that signs its answers; undefined when none does, as Traefik and HAProxy. */
export function proxyOf(headers: Headers): ProxyName | undefined {
  const signs = ["server", "via"].map((name) => headers.get(name)?.toLowerCase() ?? "").join(" ");
  if (headers.has("cf-ray") || signs.includes("cloudflare")) return "cloudflare";
  if (signs.includes("nginx") || signs.includes("openresty")) return "nginx";
  if (signs.includes("caddy")) return "caddy";
  if (signs.includes("traefik")) return "traefik";
  return undefined;
}

/** How people call it. */
export function nameOfProxy(proxy: ProxyName | undefined): string {
  return proxy ? LINES[proxy].name : "a proxy";
}

/** The lines to change: for the proxy that was seen, or for all. */
export function cure(fault: Fault, proxy: ProxyName | undefined): string {
  const proxies = proxy ? [proxy] : (["nginx", "caddy", "traefik", "cloudflare"] as const);
  return proxies.map((one) => `${LINES[one].name}: ${LINES[one][fault]}`).join(" · ");
}
