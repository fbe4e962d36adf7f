// An authority of a test: certificates for hosts, and for requests.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issue, openssl } from "./authority.ts";

/** A private key and a chain of certificates, both PEM. */
export interface Pem {
  key: string;
  chain: string;
}

/** @throws Error when there is no openssl */
export class Issuer {
  readonly #own = issue("Authority of a test", { names: [], isAuthority: true, days: 3650 });

  /** PEM of its own certificate, for clients to trust. */
  get root(): string {
    return this.#own.cert;
  }

  /** A key and a certificate for a host. */
  issue(host: string, days: number): Pem {
    const { cert, key } = issue(host, { by: this.#own, days });
    return { key, chain: cert + this.root };
  }

  /** Signs a request in DER with the names that it asks for. @returns the certificate and that of the issuer */
  sign(request: Uint8Array, days: number): string {
    const folder = mkdtempSync(join(tmpdir(), "sluice-issuer-"));
    const at = (file: string): string => join(folder, file);
    try {
      writeFileSync(at("request"), request);
      writeFileSync(at("by"), this.#own.cert);
      writeFileSync(at("by.key"), this.#own.key);
      const by = ["-CA", at("by"), "-CAkey", at("by.key"), "-copy_extensions", "copyall"];
      const asked = ["-inform", "DER", "-in", at("request"), "-days", `${days}`];
      openssl("x509", "-req", ...asked, ...by, "-out", at("cert"));
      return readFileSync(at("cert"), "utf8") + this.root;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
