// Ports for programs that cannot choose one themselves, or cannot report which one they got.

/** Ports of 127.0.0.1 that were free a moment ago. */
export function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () =>
    Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }),
  );
  for (const listener of listeners) listener.stop(true);
  return listeners.map(({ port }) => port);
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): number {
  const [port = 0] = freePorts(1);
  return port;
}
