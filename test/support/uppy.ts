// A page with Uppy and its tus plugin on another origin, which uploads to a server that allows this origin.

import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLIENT_MODULES } from "./clients.ts";

/** The page defines `upload(endpoint, options of the plugin, fields of metadata)`, which creates the global `uppy`. */
const PAGE = `
import Uppy from "@uppy/core";
import Tus from "@uppy/tus";

globalThis.upload = (endpoint, options = {}, meta = {}) => {
  globalThis.uppy = new Uppy({ meta }).use(Tus, { endpoint, ...options });
  for (const file of document.querySelector("input").files) uppy.addFile({ name: file.name, type: file.type, data: file });
};
`;

/** The website. `await using` stops it. */
export interface Website extends AsyncDisposable {
  /** Its origin. */
  url: string;
  /** The URL of a page that runs this script, with `@uppy/core` and `@uppy/tus`. @default a script that defines `upload` */
  serve: (script?: string) => Promise<string>;
}

export async function startWebsite(): Promise<Website> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-website-"));
  await symlink(CLIENT_MODULES, join(folder, "node_modules"));
  const scripts = new Map<string, Blob>();
  const website = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname } = new URL(request.url);
      const script = scripts.get(pathname);
      if (script) return new Response(script, { headers: { "content-type": "text/javascript" } });
      if (pathname === "/favicon.ico") return new Response(null, { status: 204 });
      const page = `<!doctype html><meta charset="utf-8"><title>Uppy</title><input type="file" multiple>
<script type="module" src="${pathname}.js"></script>`;
      return new Response(page, { headers: { "content-type": "text/html" } });
    },
  });
  return {
    url: website.url.origin,
    async serve(script = PAGE) {
      const name = `/${scripts.size}`;
      const entry = join(folder, `${name}.js`);
      await Bun.write(entry, script);
      // In a separate process, because this one may have tried to resolve the packages before they were installed.
      const build = Bun.spawn([process.execPath, "build", entry, "--target", "browser"], { stderr: "pipe" });
      const [code, bundle, complaint] = await Promise.all([
        build.exited,
        build.stdout.text(),
        build.stderr.text(),
      ]);
      if (code !== 0) throw new Error(`The page cannot be built: ${complaint}`);
      scripts.set(`${name}.js`, new Blob([bundle]));
      return website.url.origin + name;
    },
    async [Symbol.asyncDispose]() {
      await website.stop(true);
      await rm(folder, { recursive: true });
    },
  };
}
