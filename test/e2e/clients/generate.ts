// Generates clients from an OpenAPI document: `bun generate.ts DOCUMENT FOLDER`. Sends no requests to other hosts.

import { join } from "node:path";
import { plugin } from "bun";
import ts from "typescript-api";

const [input = "", folder = ""] = process.argv.slice(2);

// Both generators use TypeScript's JavaScript API, which version 7 has removed, so they get the last version that has it.
plugin({
  name: "typescript-api",
  setup(build) {
    build.module("typescript", () => ({ exports: { ...ts, default: ts }, loader: "object" }));
  },
});

const { default: openapi, astToString } = await import("openapi-typescript");
const blob = ts.factory.createTypeReferenceNode("Blob");
const types = await openapi(await Bun.file(input).text(), {
  // Recommended by the generator's documentation; without it, binary content has the type string.
  transform: (schema) => (schema.format === "binary" ? blob : undefined),
});
await Bun.write(join(folder, "schema.ts"), astToString(types));

const { createClient } = await import("@hey-api/openapi-ts");
await createClient({ input, output: join(folder, "hey-api"), logs: { level: "silent" } });
