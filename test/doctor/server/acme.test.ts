// The lines of sluice doctor about the certificates of --acme.

import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acmeFindings } from "../../../src/doctor/server/acme.ts";
import { AcmeStore } from "../../../src/listen/acme/store.ts";
import { Issuer } from "../../support/issuer.ts";
import { isMissing } from "../../support/switches.ts";

const DAY = 86_400_000;
const acmeDirectory = "https://ca.example.org/directory";

test.skipIf(isMissing("openssl"))(
  "each host has a line: none, valid, late, expired, damaged, and nothing is made",
  async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-certificates-"));
    try {
      const acme = ["a.example.org", "b.example.org"];
      const lines = async (days: number) =>
        (await acmeFindings({ acme, acmeDirectory }, root, Date.now() + days * DAY)).map(
          ({ verdict, value, reason = "" }) => [verdict, value.split(" on ")[0]?.split(" until ")[0], reason],
        );
      expect(await lines(0)).toEqual([
        ["warning", "none yet", ""],
        ["warning", "none yet", ""],
      ]);
      await expect(AcmeStore.at(join(root, ".sluice/tls"), acmeDirectory).accountKey()).rejects.toThrow(
        "ENOENT",
      );

      await mkdir(join(root, ".sluice"));
      const store = await AcmeStore.open(join(root, ".sluice/tls"), acmeDirectory);
      await store.saveCertificate("a.example.org", new Issuer().issue("a.example.org", 90));
      await store.saveRefusals("b.example.org", { times: [1, 2], until: 0 });
      const refused = "ca.example.org refused the last 2 orders.";
      expect(await lines(61)).toEqual([
        ["ok", "valid", ""],
        ["warning", "none yet", refused],
      ]);
      await store.saveRefusals("b.example.org", { times: [1], until: 0 });
      expect((await lines(61))[1]?.[2]).toBe("ca.example.org refused the last order.");
      expect((await lines(64))[0]).toEqual(["warning", "valid", "It should have been renewed by now."]);
      expect((await lines(91))[0]).toEqual(["problem", "expired", ""]);
      await Bun.write(join(store.folder, "b.example.org.pem"), "damaged");
      expect((await lines(0))[1]?.slice(0, 2)).toEqual(["problem", "unreadable"]);
      expect(await acmeFindings({ acme: [], acmeDirectory }, root)).toEqual([]);
    } finally {
      await rm(root, { recursive: true });
    }
  },
);
