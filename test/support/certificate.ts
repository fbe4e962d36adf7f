// A certificate of its own for tests of TLS: made once per process, for localhost and 127.0.0.1, and trusted by tests only.

import { type Certificate, issue } from "./authority.ts";

const NAMES = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"];
let made: Certificate | undefined;

/** The same one for all tests of a process. It is its own authority: `fetch(url, { tls: { ca: cert } })`. @throws Error when there is no openssl */
export function testCertificate(): Certificate {
  made ??= newCertificate();
  return made;
}

/** @throws Error when there is no openssl */
export function newCertificate(): Certificate {
  return issue("localhost", { names: NAMES, isAuthority: true });
}
