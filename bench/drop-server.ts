// The baseline for latency: a bare Bun server that reads every body and discards it.
// usage: bun bench/drop-server.ts [PORT [CERT KEY]]

const [, , port = "0", cert, key] = process.argv;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  ...(cert !== undefined &&
    key !== undefined && { tls: { cert: Bun.file(cert), key: Bun.file(key) }, http2: true }),
  development: false,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  routes: { "/health": () => Response.json({ status: "ok" }) },
  async fetch(request) {
    let bytes = 0;
    for await (const chunk of request.body ?? []) bytes += chunk.byteLength;
    return Response.json({ bytes }, { status: 201 });
  },
});

console.log(`Drop is listening on ${server.url.origin}`);
