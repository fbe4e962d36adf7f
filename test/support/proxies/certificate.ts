// A certificate for localhost, made for one test.

import { join } from "node:path";
import { run } from "../binary.ts";

/** Paths of PEM files. */
export interface TestCertificate {
  /** Clients trust it as an authority. */
  cert: string;
  key: string;
  /** Both in one file. */
  both: string;
}

/** Makes a certificate that signs itself. @param folder gets the files */
export async function makeCertificate(folder: string): Promise<TestCertificate> {
  const [cert, key, both] = ["cert.pem", "key.pem", "both.pem"].map((name) => join(folder, name));
  if (cert === undefined || key === undefined || both === undefined) throw new Error("three names");
  const words = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost`;
  const more = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert];
  const env = { PATH: process.env.PATH ?? "" };
  const { code, stderr } = await run([...words.split(" "), ...more], { cwd: folder, env });
  if (code !== 0) throw new Error(`openssl failed: ${stderr}`);
  await Bun.write(both, (await Bun.file(cert).text()) + (await Bun.file(key).text()));
  return { cert, key, both };
}
