// Metrics of this process: CPU, memory, descriptors, event-loop delay. All but the last have the standard names of Prometheus.

import { Counter, Gauge, type OpenMetricsContentType, type Registry } from "prom-client";
import { filesAllowed, filesOpen } from "../../system/descriptors.ts";
import { EventLoopDelay } from "./event-loop-delay.ts";

/** The metrics of file descriptors exist only on systems with /proc. */
export function processGauges(registers: Registry<OpenMetricsContentType>[]): void {
  const cpu = new Counter({
    name: "process_cpu_seconds",
    help: "User and system CPU time",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
    },
  });
  gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss());
  const started = Date.now() / 1000 - process.uptime();
  gauge("process_start_time_seconds", "Start time of the process in seconds since 1970", () => started);
  const limit = filesAllowed();
  if (limit !== undefined) {
    gauge("process_open_fds", "Open file descriptors", filesOpen);
    gauge("process_max_fds", "Maximum number of open file descriptors", () => limit);
  }
  const delay = new EventLoopDelay();
  gauge("sluice_event_loop_late_seconds", "Longest event-loop delay since the previous scrape", () =>
    delay.readAndReset(),
  );

  function gauge(name: string, help: string, value: () => number): void {
    const metric: Gauge = new Gauge({ name, help, registers, collect: () => metric.set(value()) });
  }
}
