// The message of a start without consent to the terms of an authority.

import { expect, test } from "bun:test";
import { termsFault } from "../../../src/listen/acme/directory.ts";
import { testCertificate } from "../../support/certificate.ts";
import { isMissing } from "../../support/switches.ts";

/** The message when the directory answers this. */
async function faultFor(answer: () => Response): Promise<string> {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  try {
    const fault = await termsFault(`http://127.0.0.1:${server.port}/directory`);
    return fault.replaceAll(`127.0.0.1:${server.port}`, "HOST");
  } finally {
    await server.stop(true);
  }
}

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
}

test("names where the terms are, and the flag that accepts them", async () => {
  const meta = { termsOfService: "https://authority.example/terms\u001b[2J" };
  expect(await faultFor(() => Response.json({ meta }))).toBe(
    "--acme needs your consent to the terms of HOST. If you accept them, start again with --acme-accept-terms. They are at https://authority.example/terms\\u001b[2J",
  );
  expect(await faultFor(() => Response.json({}))).toEndWith("HOST names none");
});

test.each([
  ["a page", () => new Response("<html>"), "JSON"],
  ["an error", () => new Response("", { status: 503, statusText: "Down" }), "503"],
  ["too much", () => new Response("x".repeat(70_000)), "too large"],
  ["bytes without end", () => new Response(endless()), "too large"],
])("a directory that answers with %s does not hide that consent is needed", async (_, answer, reason) => {
  const fault = await faultFor(answer);
  expect(fault).toContain(reason);
  expect(fault).toContain("--acme needs your consent to the terms of HOST");
  expect(fault).toContain("start again with --acme-accept-terms.");
});

test.skipIf(isMissing("openssl"))(
  "a directory that is not trusted, or is not there, is told as one of an order is",
  async () => {
    const tls = testCertificate();
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: () => Response.json({}) });
    const { port } = server;
    try {
      expect(await termsFault(`https://127.0.0.1:${port}/directory`)).toMatch(
        /did not say where they are: .*certificate; to trust an authority of your own, set NODE_EXTRA_CA_CERTS/,
      );
    } finally {
      await server.stop(true);
    }
    expect(await termsFault(`https://127.0.0.1:${port}/directory`)).toEndWith("Unable to connect");
  },
);
