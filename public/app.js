// The page: wires the folder in the address bar, the listing, and the uploads to each other.
// @ts-check

import { showFolder } from "./listing/breadcrumbs.js";
import { usage } from "./listing/folder-size.js";
import { listing } from "./listing/listing.js";
import { searchBox } from "./listing/search-box.js";
import { gauge, progressOf, resultOf } from "./progress/gauge.js";
import { unfinishedList } from "./progress/unfinished-list.js";
import { uploadPanel } from "./progress/upload-list.js";
import { tools } from "./selection/toolbar.js";
import { may } from "./server/grants.js";
import { folderOf, folderUrl, isBelow } from "./server/path.js";
import { announcer } from "./ui/announce.js";
import { byId } from "./ui/dom.js";
import { files } from "./ui/format.js";
import { listenForChoice, listenForDrops } from "./upload/file-input.js";
import { watch } from "./upload/progress-feed.js";
import { Queue } from "./upload/queue.js";

/** @import { Item } from "./upload/file-input.js" */

const DRAW_MS = 100;
const REFRESH_MS = 2000;

let folder = folderOf(location.pathname);
const say = announcer(byId("status", HTMLElement));
const list = listing({ say, onShown: () => tool.shown() });
const box = searchBox(list);
const tool = tools({ say, list, here: () => folder });
let drawing = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshTimer;
/** The batch whose end was announced. @type {import("./upload/batch-progress.js").Tally | undefined} */
let summedUp;
let heldSaid = false;

const queue = new Queue({ onChange: changed, onSaved: ({ path }) => isBelow(path, folder) && refreshSoon() });
const drawPanel = uploadPanel(queue);
const drawGauge = gauge(queue);
const before = unfinishedList(say);
const room = usage(say, () => folder);
const watcher = watch(queue, changed);

/** Changes come by the thousand; the page is drawn ten times a second at most. */
function changed() {
  watcher.wake();
  if (drawing) return;
  drawing = true;
  setTimeout(() => {
    drawing = false;
    drawPanel();
    drawGauge();
    before.update(queue);
    speak();
  }, DRAW_MS);
}

function speak() {
  const { tally, busy, held } = queue;
  if (!busy && tally.ended > 0 && tally !== summedUp) {
    summedUp = tally;
    say(resultOf(tally));
  } else if (held !== undefined && !heldSaid) say(`${held.title}. ${held.detail}`);
  else if (busy && tally.saved + tally.failed > 0) say(progressOf(tally), "progress");
  heldSaid = held !== undefined;
}

/** Look at the folder again: at once when the last file is saved, now and then while more are coming. */
function refreshSoon() {
  if (queue.busy && refreshTimer !== undefined) return;
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(
    () => {
      refreshTimer = undefined;
      // To search through everything again for each file would be too much.
      if (!list.searching) void list.refresh();
    },
    queue.busy ? REFRESH_MS : 0,
  );
}

/** @param {Item[]} items */
function take(items) {
  if (items.length === 0) return;
  say(`Uploading ${files(items.length)}`);
  queue.add(items, folder);
}

/** @param {string} path @param {boolean} push make an entry in the browser's history */
async function open(path, push) {
  folder = path;
  if (push) history.pushState(null, "", folderUrl(path));
  showFolder(path);
  tool.moved();
  box.clear();
  room.moved();
  await list.open(path);
}

listenForDrops(
  byId("overlay", HTMLElement),
  take,
  (name) => say(`Cannot read ${name}`),
  (reading) => void queue.expect(reading),
);
listenForChoice(byId("choose-files", HTMLButtonElement), byId("files-input", HTMLInputElement), take);
const folderInput = byId("folder-input", HTMLInputElement);
const folderButton = byId("choose-folder", HTMLButtonElement);
folderButton.hidden = !("webkitdirectory" in folderInput) || !may("write");
byId("choose-files", HTMLElement).hidden = !may("write");
byId("terminal", HTMLElement).hidden = !may("write");
listenForChoice(folderButton, folderInput, take);

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-folder]") : null;
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!(link instanceof HTMLAnchorElement) || !plain || event.defaultPrevented) return;
  event.preventDefault();
  void open(link.dataset["folder"] ?? "", true).then(() => byId("here", HTMLElement).focus());
});
addEventListener("popstate", () => void open(folderOf(location.pathname), false));
addEventListener("online", () => queue.held !== undefined && queue.resume());
addEventListener("beforeunload", (event) => {
  if (queue.busy) event.preventDefault();
});
void open(folder, false);
