// schemathesis sends requests that the OpenAPI document allows, and others, as an owner: all responses match the document, and
// every operation that needs a login refuses those without one and with wrong ones.

import { expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LinkShape } from "../../src/routes/openapi/link-shapes.ts";
import { AccessDatabase, bearer, PASSWORD } from "../support/access.ts";
import { bodyIn } from "../support/answer.ts";
import { spawnServing } from "../support/spawn.ts";
import { skipped } from "../support/switches.ts";

const CLIENTS = join(import.meta.dir, "clients");
const PYTHON = process.env.TEST_PYTHON ?? "python3";
/** Requests per operation and phase; all phases together send more than 2,000 requests. */
const EXAMPLES = process.env.EXAMPLES ?? "12";
const SEED = process.env.SEED ?? "1";
/** The account that makes the requests, and the id of its token. */
const OWNER = "owner";
const TOKEN_ID = "schemathesis";
/** Time limit in seconds, several times what an idle machine needs. */
const PATIENCE = 540;

const missing =
  Bun.which(PYTHON) === null || Bun.spawnSync([PYTHON, "-c", "import schemathesis"]).exitCode !== 0;
if (missing)
  skipped(
    "schemathesis",
    `${PYTHON} has no schemathesis`,
    "install it into a Python and name that by TEST_PYTHON",
  );

test.skipIf(missing)(
  "no response is a server error, undocumented, different from its schema, or open without a login",
  async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-schemathesis-")));
    try {
      const root = join(folder, "root");
      for (const [path, text] of Object.entries({
        "photos/a.jpg": "a",
        "photos/2026/page.html": "<p>",
        b: "b",
        "inbox/c": "c",
      }))
        await Bun.write(join(root, path), text);
      const database = new AccessDatabase(root);
      database.account(OWNER, {}, { owner: true });
      const token = database.token(OWNER, { id: TOKEN_ID });
      database.close();
      const limits = ["--max-file-size", "10MB", "--keep-free", "0"];
      await using server = await spawnServing(root, "--trash", "30d", ...limits);
      const newLink = async (path: string, kind: string): Promise<{ id: string; url: string }> => {
        const headers = { ...bearer(token), "content-type": "application/json" };
        const body = JSON.stringify({ path, kind });
        return await bodyIn(
          LinkShape,
          await fetch(`${server.url}/api/links`, { method: "POST", headers, body }),
        );
      };
      const link = await newLink("photos", "folder");
      const drop = await newLink("inbox", "drop");
      const child = Bun.spawn(
        [
          ...[
            PYTHON,
            "-m",
            "schemathesis.cli",
            "--config-file",
            join(CLIENTS, "schemathesis.toml"),
            "--no-color",
          ],
          ...["run", `${server.url}/swagger/json`, "--seed", SEED, "--max-examples", EXAMPLES],
        ],
        {
          cwd: folder,
          env: {
            ...process.env,
            PYTHONPATH: CLIENTS,
            PYTHONDONTWRITEBYTECODE: "1",
            OWNER_NAME: OWNER,
            OWNER_PASSWORD: PASSWORD,
            OWNER_TOKEN: token,
            LINK_TOKEN: link.url.slice("/s/".length),
            DROP_TOKEN: drop.url.slice("/s/".length),
            KEPT: [OWNER, TOKEN_ID, link.id, drop.id].join(),
          },
          stdout: "pipe",
          stderr: "pipe",
        },
      );
      const [output, complaints, code] = await Promise.all([
        child.stdout.text(),
        child.stderr.text(),
        child.exited,
      ]);
      if (code !== 0) throw new Error(`${output}\n${complaints}\n${server.stderr.slice(-5000)}`);
      const [, operations] = output.match(/Selected: (\d+)\/\1$/m) ?? [];
      const [, cases] = output.match(/^ *(\d+) generated, \1 passed/m) ?? [];
      console.log(`${cases} requests to ${operations} operations`);
      expect(Number(operations)).toBeGreaterThan(70);
      expect(Number(cases)).toBeGreaterThan(2000);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  PATIENCE * 1000,
);
