// Checks the certificates that the server would use: whether they can be read, their names, and the days that they are valid.

import type { Config } from "../../config/config.ts";
import { tlsFault } from "../../config/tls-options.ts";
import { type Certificate, endsSoon, shownTime, validityWarning } from "../../listen/tls/certificate.ts";
import {
  type CertificateFiles,
  pairedFiles,
  readCertificateFiles,
} from "../../listen/tls/certificate-files.ts";
import { CertificateError } from "../../listen/tls/pem.ts";
import { urlWarning } from "../../listen/tls/sni.ts";
import { DAY, formatCount } from "../../units.ts";
import { about, type Finding } from "../finding.ts";

/** One finding for each certificate, or for options that contradict each other. */
export async function certificateFindings(config: Config): Promise<Finding[]> {
  const { tlsCert, tlsKey } = config;
  const fault = tlsFault(config);
  if (fault !== undefined)
    return [
      about("certificate", "Certificate").problem("the options contradict each other", {
        reason: fault,
        advice: "Correct the options. Sluice does not start with these.",
      }),
    ];
  const all = await Promise.all(pairedFiles(tlsCert, tlsKey).map(certificateOrFault));
  const findings = all.map((one) => (one instanceof CertificateError ? faultFinding(one) : findingOf(one)));
  const certificates = all.flatMap((one) => (one instanceof CertificateError ? [] : one));
  const warning = certificates.length > 0 ? urlWarning(config, certificates) : undefined;
  if (warning === undefined) return findings;
  const reason = { reason: warning, advice: "Have a certificate issued for it, or change --url." };
  return [...findings, about("certificate", "Certificate").problem("none for the host of --url", reason)];
}

async function certificateOrFault(files: CertificateFiles): Promise<Certificate | CertificateError> {
  try {
    return await readCertificateFiles(files);
  } catch (error) {
    if (error instanceof CertificateError) return error;
    throw error;
  }
}

function faultFinding({ message }: CertificateError): Finding {
  return about("certificate", "Certificate").problem("it cannot be used", {
    reason: message,
    advice: "Correct the file. Sluice does not start without a certificate that can be used.",
  });
}

function findingOf(certificate: Certificate): Finding {
  const { ok, warning, problem } = about("certificate", "Certificate");
  const { names, expires, from, warnings } = certificate;
  const days = daysUntil(expires.getTime());
  const figures = { days };
  const invalid = validityWarning(certificate);
  if (invalid !== undefined)
    return problem(`${names.join(", ")}: not valid now`, {
      reason: invalid,
      advice: "Renew it, or correct the clock of this machine.",
      figures,
    });
  const value = `${names.join(", ") || "no name"}, ${daysLeft(days)}, until ${shownTime(expires)}`;
  if (warnings.length > 0)
    return warning(value, { reason: warnings.join(" "), advice: "Correct the file.", figures });
  if (endsSoon(certificate))
    return warning(value, { reason: from, advice: "Find out why it was not renewed.", figures });
  return ok(value, { figures });
}

/** Whole days from now until a time in milliseconds; NaN for NaN. */
export function daysUntil(time: number): number {
  return Math.floor((time - Date.now()) / DAY);
}

/** `1 day left` */
export function daysLeft(days: number): string {
  return `${formatCount(Math.max(0, days), "day")} left`;
}
