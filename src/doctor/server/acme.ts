// Checks the stored certificates of --acme: whether there are some, until when they are valid, and whether their renewal is late.

import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { directoryOf } from "../../listen/acme/directory.ts";
import { renewalOf } from "../../listen/acme/schedule.ts";
import { AcmeStore } from "../../listen/acme/store.ts";
import { shownTime } from "../../listen/tls/certificate.ts";
import { RESERVED } from "../../path.ts";
import { messageOf } from "../../system/errno.ts";
import { DAY } from "../../units.ts";
import { about, type Finding } from "../finding.ts";

/** One line for each host of `--acme`. @param root absolute */
export async function acmeFindings(
  config: Pick<Config, "acme" | "acmeDirectory">,
  root: string,
  now = Date.now(),
): Promise<Finding[]> {
  const directory = directoryOf(config);
  const store = AcmeStore.at(join(root, RESERVED, "tls"), directory);
  return await Promise.all(config.acme.map((host) => ofHost(host, store, new URL(directory).host, now)));
}

async function ofHost(host: string, store: AcmeStore, authority: string, now: number): Promise<Finding> {
  const { ok, warning, problem } = about("certificate", `Certificate of ${host}`);
  const advice = `Its port 80 must lead to this server from the internet; the log of the server says what ${authority} answered.`;
  try {
    const certificate = await store.certificate(host);
    const { times } = await store.refusals(host);
    const orders = times.length === 1 ? "order" : `${times.length} orders`;
    const reason = times.length === 0 ? {} : { reason: `${authority} refused the last ${orders}.` };
    if (!certificate) return warning("none yet", { ...reason, advice });
    const { expires } = certificate;
    const figures = { days: (expires.getTime() - now) / DAY };
    if (expires.getTime() <= now)
      return problem(`expired on ${shownTime(expires)}`, { ...reason, advice, figures });
    const value = `valid until ${shownTime(expires)}`;
    // A renewal begins at most this late.
    return now > renewalOf(certificate, 1) + DAY
      ? warning(value, { reason: "It should have been renewed by now.", ...reason, advice, figures })
      : ok(value, { figures });
  } catch (error) {
    const reason = messageOf(error);
    return problem("unreadable", {
      reason,
      advice: "Run doctor as the user of the server; remove a damaged file.",
    });
  }
}
