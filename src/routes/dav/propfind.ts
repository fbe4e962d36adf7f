// PROPFIND: the properties of an entry, and of the entries of a folder (RFC 4918 section 9.1).

import type { Asker } from "../../access/asker.ts";
import { folderPages } from "../../core/browse/folder-pages.ts";
import { depthOf } from "../../http/dav/depth.ts";
import {
  conditionAnswer,
  MULTISTATUS_END,
  MULTISTATUS_START,
  XML_HEADERS,
} from "../../http/dav/multistatus.ts";
import { wantedProperties } from "../../http/dav/propfind-body.ts";
import { type FolderPath, ROOT } from "../../path.ts";
import { askerOf, loginRequired, proveFolder } from "../../plugins/access.ts";
import type { Space } from "../../storage/device.ts";
import type { Entry } from "../../storage/entry.ts";
import { StepQueue } from "../../system/time-slice.ts";
import { visibleEntry } from "../support/download/visible-entry.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";
import { lockReader } from "./locks/discovery.ts";
import { type PropertySource, responses, type SpaceLeft, wantsSpace } from "./properties.ts";
import { type DavRequest, existingPathOf, noEntry } from "./target.ts";
import { xmlBody } from "./xml-body.ts";

/** Characters that are written at once, at least, which takes a few milliseconds; the end of an entry follows. */
const MAX_TEXT = 64 * 1024;
/** Clients that wait for the same page get it at the same moment. */
const steps = new StepQueue();

export async function propfind(services: Services, dav: DavRequest): Promise<Response> {
  const { request, server } = dav;
  const path = existingPathOf(dav);
  const asker = askerOf(request);
  // Otherwise a client would mount what everyone may see, and never ask for a password.
  if (path === ROOT && asker.couldLogIn) throw loginRequired();
  proveFolder(request, path);
  // As 1 where it is missing: clients that forget it do not want the whole tree.
  const depth = depthOf(request.headers, ["0", "1", "infinity"], "1");
  const wanted = wantedProperties(await xmlBody(services, request));
  if (depth === "infinity") return conditionAnswer(403, "propfind-finite-depth");
  return await withoutIdleTimeout(services, request, server, async () => {
    const entry = await visibleEntry(services, request, path);
    if (!entry) throw noEntry();
    const disk = wantsSpace(wanted) ? await services.storage.space() : null;
    const write = responses(wanted, {
      reader: lockReader(services, dav),
      dead: deadPropertiesAt(services, path),
      space: (folder) => disk && spaceOf(services, asker, folder, disk),
    });
    const start = MULTISTATUS_START + write(entry);
    const init = { status: 207, headers: XML_HEADERS };
    if (depth === "0" || entry.kind === "file") return new Response(start + MULTISTATUS_END, init);
    const pages = folderPages(services.storage, path, asker.view, request.signal);
    const texts = textsOf(start, await pages.next(), pages, write);
    return new Response(streamOf(texts, request.signal), init);
  });
}

/** @param first the first page, which is read before the answer starts, so that the status can say that the folder is gone */
async function* textsOf(
  start: string,
  first: IteratorResult<readonly Entry[], void>,
  pages: AsyncGenerator<readonly Entry[], void, void>,
  write: (entry: Entry) => string,
): AsyncGenerator<string, void, void> {
  let text = start;
  for (let page = first; !page.done; page = await pages.next())
    for (const entry of page.value) {
      text += write(entry);
      // Entries may have 64 KiB of properties each.
      if (text.length < MAX_TEXT) continue;
      yield text;
      text = "";
    }
  yield text + MULTISTATUS_END;
}

/** The dead properties of a folder and of its entries. */
function deadPropertiesAt({ storage: { properties } }: Services, folder: FolderPath): PropertySource["dead"] {
  const inside = properties.inFolder(folder);
  return (path) => (path === folder ? properties.of(path) : inside(path));
}

/** The space that the tightest quota of a folder leaves, or the disk. */
function spaceOf(
  { uploader }: Services,
  asker: Asker,
  folder: FolderPath,
  { free, total }: Space,
): SpaceLeft {
  const quota = asker.can("list", folder) ? uploader.quotas.report(folder) : null;
  if (!quota) return { available: free, used: total - free };
  const { bytes, used, reserved } = quota;
  return { available: Math.min(free, Math.max(0, bytes - used - reserved)), used };
}

/** Sends texts as fast as the client reads them. */
function streamOf(
  texts: AsyncGenerator<string, void, void>,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      await steps.next();
      if (signal.aborted) await texts.return();
      const { done, value } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(Buffer.from(value));
    },
    async cancel() {
      await texts.return();
    },
  });
}
