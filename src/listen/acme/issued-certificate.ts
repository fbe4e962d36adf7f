// A certificate that an authority has issued: read, and checked before it is used.

import { type Certificate, readCertificate } from "../tls/certificate.ts";
import { CertificateError } from "../tls/pem.ts";

/** A certificate that fits its key and its host. */
export interface AcmeCertificate extends Certificate {
  readonly host: string;
}

/**
 * Reads a private key and the certificates behind it.
 * @throws CertificateError
 */
export function acmeCertificate(host: string, text: string): AcmeCertificate {
  const file = { flag: "--acme", path: host, contents: Buffer.from(text) };
  const certificate = readCertificate(file, file);
  if (!certificate.names.includes(host))
    throw new CertificateError(
      `--acme ${host} has a certificate for ${certificate.names.join(", ") || "no name"}: another one is ordered.`,
    );
  return { ...certificate, host };
}
