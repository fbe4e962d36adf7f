// The baseline for latency: a bare Bun server that reads every body and discards it.
// usage: bun bench/drop-server.ts [PORT]

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
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
