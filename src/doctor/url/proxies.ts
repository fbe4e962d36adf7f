// Identifies a proxy from its response headers and lists the settings that fix each fault.

/** A fault that a proxy between the client and the server can cause. */
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

const SETTINGS = {
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
  apache: {
    name: "Apache",
    size: "LimitRequestBody 0",
    buffering: "remove `SetEnv proxy-sendcl`",
    host: "ProxyPreserveHost On",
    range: "remove `RequestHeader unset Range` and `MaxRanges none`",
    etag: "remove `Header unset ETag` and `SetOutputFilter`",
    headers: "remove the `RequestHeader` and `Header` lines for them",
    methods: "remove `Limit` and `LimitExcept`, or allow PUT, POST, PATCH and DELETE in them",
    compression: "remove `SetOutputFilter` and `AddOutputFilterByType`",
    idle: "RequestReadTimeout header=20-40,MinRate=500 body=300,MinRate=1 and ProxyTimeout 300",
  },
  haproxy: {
    name: "HAProxy",
    size: "remove the `http-request deny` rule about the length",
    buffering: "remove `option http-buffer-request`",
    host: "remove `http-request set-header Host`",
    range: "remove `http-request del-header Range` and `cache-use`",
    etag: "remove `http-response del-header ETag`",
    headers: "remove the `http-request` and `http-response` lines for them",
    methods: "remove the `http-request deny` rule about methods",
    compression: "remove `filter compression`",
    idle: "timeout client 300s and timeout server 300s",
  },
  cloudflare: {
    name: "Cloudflare",
    size: "its plans limit a request to 100 to 500 MB: upload by tus in smaller chunks, or set the DNS record to `DNS only`",
    buffering: "buffering cannot be turned off: set the DNS record to `DNS only`",
    host: "remove the origin rule that overrides the Host header",
    range: "add a cache rule for this host (Bypass cache)",
    etag: "add a cache rule for this host (Bypass cache) and a configuration rule (Rocket Loader and minification off); turn on strong ETags",
    headers: "remove the transform rules that change them",
    methods: "remove the WAF rule that blocks them",
    compression: "add a compression rule for this host that turns compression off",
    idle: "it ends requests after 100 s without data: upload by tus, in chunks",
  },
} as const satisfies Record<string, Record<Fault | "name", string>>;

export type ProxyName = keyof typeof SETTINGS;

/** The proxy named in the response headers; undefined when none is (Traefik and HAProxy add no such header). */
export function proxyOf(headers: Headers): ProxyName | undefined {
  const names = ["server", "via"].map((name) => headers.get(name)?.toLowerCase() ?? "").join(" ");
  if (headers.has("cf-ray") || names.includes("cloudflare")) return "cloudflare";
  if (names.includes("nginx") || names.includes("openresty")) return "nginx";
  if (names.includes("caddy")) return "caddy";
  if (names.includes("traefik")) return "traefik";
  if (names.includes("apache")) return "apache";
  return undefined;
}

/** The proxy's name in messages. */
export function nameOfProxy(proxy: ProxyName | undefined): string {
  return proxy ? SETTINGS[proxy].name : "a proxy";
}

/** The settings that fix a fault: those of the detected proxy, or those of every known proxy. */
export function settingsFor(fault: Fault, proxy: ProxyName | undefined): string {
  const proxies = proxy
    ? [proxy]
    : (["nginx", "caddy", "traefik", "apache", "haproxy", "cloudflare"] as const);
  return proxies.map((one) => `${SETTINGS[one].name}: ${SETTINGS[one][fault]}`).join(" · ");
}
