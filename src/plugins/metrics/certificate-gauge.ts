// The metric of the times at which certificates expire.

import { Gauge, type OpenMetricsContentType, type Registry } from "prom-client";

/** A certificate that is served. */
export interface ServedCertificate {
  /** Host names and addresses. */
  readonly names: readonly string[];
  readonly expires: Date;
}

/** The certificates are those of the server's own options: no client chooses the names. */
export class CertificateGauge {
  served: () => readonly ServedCertificate[] = () => [];

  constructor(registers: Registry<OpenMetricsContentType>[]) {
    const gauge: Gauge<"host"> = new Gauge({
      name: "sluice_certificate_expiry_seconds",
      help: "When the certificate of a host expires, in seconds since 1970",
      labelNames: ["host"],
      registers,
      collect: () => {
        gauge.reset();
        for (const { names, expires } of this.served())
          for (const host of names) gauge.set({ host }, Math.floor(expires.getTime() / 1000));
      },
    });
  }
}
