// What this process uses, under the names that every Prometheus client uses.

import { Counter, Gauge, type OpenMetricsContentType, type Registry } from "prom-client";
import { filesAllowed, filesOpen } from "../system/process.ts";
import { EventLoopDelay } from "./event-loop-delay.ts";

/** Those of the system exist where it has /proc. */
export function processGauges(registers: Registry<OpenMetricsContentType>[]): void {
  const cpu = new Counter({
    name: "process_cpu_seconds",
    help: "User and system time of the processor",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
    },
  });
  gauge("process_resident_memory_bytes", "Memory that is resident", () => process.memoryUsage.rss());
  const started = Date.now() / 1000 - process.uptime();
  gauge("process_start_time_seconds", "When the process was started, in seconds since 1970", () => started);
  const most = filesAllowed();
  if (most !== undefined) {
    gauge("process_open_fds", "Open descriptors", filesOpen);
    gauge("process_max_fds", "Descriptors that may be open", () => most);
  }
  const lateness = new EventLoopDelay();
  gauge("sluice_event_loop_late_seconds", "How late a timer came at most since this was last asked for", () =>
    lateness.readAndReset(),
  );

  function gauge(name: string, help: string, value: () => number): void {
    const made: Gauge = new Gauge({ name, help, registers, collect: () => made.set(value()) });
  }
}
