// Starts the page: connects the address bar, the listing, the toolbar and the uploads.
// @ts-check
import { createAccountMenu } from "./account/account-menu.js";
import { createLogin } from "./account/login.js";
import { showBreadcrumbs } from "./listing/breadcrumbs.js";
import { createFolderSize } from "./listing/folder-size.js";
import { createListing } from "./listing/listing.js";
import { createSearchBox } from "./listing/search-box.js";
import { createGauge, describeProgress, describeResult } from "./progress/gauge.js";
import { createUnfinishedList } from "./progress/unfinished-list.js";
import { createUploadList } from "./progress/upload-list.js";
import { createToolbar } from "./selection/toolbar.js";
import { isGranted, loadMe, me, onMe } from "./server/me.js";
import { fileUrl, folderOf, folderUrl, isBelow, nameOf } from "./server/path.js";
import { createAnnouncer } from "./ui/announce.js";
import { byId, setText } from "./ui/dom.js";
import { fileCount, size } from "./ui/format.js";
import { acceptChosenFiles, acceptDroppedFiles } from "./upload/file-input.js";
import { createProgressFeed } from "./upload/progress-feed.js";
import { Queue } from "./upload/queue.js";

/** @import { Item } from "./upload/file-input.js" */

const DRAW_MS = 100;
const REFRESH_MS = 2000;

let folder = folderOf(location.pathname);
const announce = createAnnouncer(byId("status", HTMLElement));
const login = createLogin({ currentFolder: () => folder, onChange: reopen });
const list = createListing({
  announce,
  onRowsChanged: () => toolbar.rowsChanged(),
  onLoginRequired: login.lock,
  onReload: () => void loadMe(folder),
});
const searchBox = createSearchBox(list);
const toolbar = createToolbar({ announce, list, currentFolder: () => folder });
const folderSize = createFolderSize(announce, () => folder);
let isDrawScheduled = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshTimer;
/** The batch whose result was announced. @type {Queue["batch"] | undefined} */
let announcedBatch;
let isPauseAnnounced = false;

const queue = new Queue({
  onChange: queueChanged,
  onSaved: ({ path }) => isBelow(path, folder) && scheduleRefresh(),
});
const drawUploadList = createUploadList(queue);
const drawGauge = createGauge(queue);
const unfinishedList = createUnfinishedList(announce);
const updateProgressFeed = createProgressFeed(queue, queueChanged);

/** The queue can change thousands of times a second; the page is drawn at most ten times a second. */
function queueChanged() {
  updateProgressFeed();
  if (isDrawScheduled) return;
  isDrawScheduled = true;
  setTimeout(() => {
    isDrawScheduled = false;
    drawUploadList();
    drawGauge();
    unfinishedList.update(queue);
    announceProgress();
  }, DRAW_MS);
}

function announceProgress() {
  const { batch, busy, pausedBy } = queue;
  if (!busy && batch.endedAt > 0 && batch !== announcedBatch) {
    announcedBatch = batch;
    announce(describeResult(batch));
  } else if (pausedBy !== undefined && !isPauseAnnounced) {
    announce(`${pausedBy.title}. ${pausedBy.detail}`);
    // The session has ended: the page offers the login, after which the uploads go on.
    if (pausedBy.code === "login_required") void loadMe(folder);
  } else if (busy && batch.saved + batch.failed > 0) announce(describeProgress(batch), "progress");
  isPauseAnnounced = pausedBy !== undefined;
}

/** Reloads the listing: at once after the last file, at intervals while more files are being uploaded. */
function scheduleRefresh() {
  if (queue.busy && refreshTimer !== undefined) return;
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(
    () => {
      refreshTimer = undefined;
      // A search scans all folders on the server, so it is not repeated for every saved file.
      if (!list.isSearching) void list.refresh();
      // The uploads have used a part of the quota.
      if (!queue.busy && me().quota !== undefined) void loadMe(folder);
    },
    queue.busy ? REFRESH_MS : 0,
  );
}

/** @param {Item[]} items */
function addUploads(items) {
  if (items.length === 0) return;
  announce(`Uploading ${fileCount(items.length)}`);
  queue.add(items, folder);
}

/** After a login or logout. The address of a file shows its bytes after a login, not this page. */
function reopen() {
  const isFile = location.pathname.startsWith(fileUrl("")) && !location.pathname.endsWith("/");
  if (isFile) location.reload();
  else void openFolder(folder, false);
}

/** @param {string} path @param {boolean} addToHistory */
async function openFolder(path, addToHistory) {
  folder = path;
  if (addToHistory) history.pushState(null, "", folderUrl(path));
  showBreadcrumbs(path);
  toolbar.folderChanged();
  searchBox.reset();
  folderSize.reset();
  login.unlock();
  // Both requests run at once; the listing waits for what may be done with its entries.
  void loadMe(path);
  await list.open(path);
}

acceptDroppedFiles(
  () => isGranted("write"),
  byId("overlay", HTMLElement),
  addUploads,
  (path) => announce(`${path} cannot be read and is not uploaded`),
  (reading) => void queue.keepBatchOpen(reading),
);
const filesButton = byId("choose-files", HTMLButtonElement);
acceptChosenFiles(filesButton, byId("files-input", HTMLInputElement), addUploads);
const folderButton = byId("choose-folder", HTMLButtonElement);
const folderInput = byId("folder-input", HTMLInputElement);
acceptChosenFiles(folderButton, folderInput, addUploads);
createAccountMenu({
  onLogIn: login.open,
  items: [
    // Panels are fetched when they are opened, so that the page of the files starts sooner.
    {
      label: "Your account",
      open: async () => (await import("./account/account-panel.js")).openAccountPanel(),
    },
    {
      label: "Access tokens",
      open: async () => (await import("./account/tokens-panel.js")).openTokensPanel(folder),
    },
    { label: "Links", open: async () => (await import("./share/share-panel.js")).openLinksPanel() },
    {
      label: "Accounts",
      open: async () => (await import("./account/accounts-panel.js")).openAccountsPanel(),
      isShown: ({ owner }) => owner,
    },
    { label: "Log out", open: () => void logOut() },
  ],
});
onMe(({ quota }) => {
  const canWrite = isGranted("write");
  filesButton.hidden = !canWrite;
  folderButton.hidden = !canWrite || !("webkitdirectory" in folderInput);
  byId("terminal", HTMLElement).hidden = !canWrite;
  folderSize.reset();
  drawGauge();
  const space = byId("quota", HTMLElement);
  space.hidden = quota === undefined || !quota.measured;
  if (quota !== undefined) setText(space, describeQuota(quota));
  if (queue.pausedBy?.code === "login_required" && canWrite) queue.retryFailed();
});

/** @param {import("./server/me.js").Quota} quota */
function describeQuota({ folder: path, bytes, used, reserved }) {
  const place = path === "" ? "the server" : `“${nameOf(path)}”`;
  return `${size(Math.max(0, bytes - used - reserved))} of ${size(bytes)} left for ${place}`;
}

async function logOut() {
  const problem = await login.logOut();
  announce(problem === undefined ? "You are logged out" : `${problem.title}. ${problem.detail}`);
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-folder]") : null;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!(link instanceof HTMLAnchorElement) || !isPlain || event.defaultPrevented) return;
  event.preventDefault();
  void openFolder(link.dataset["folder"] ?? "", true).then(() => byId("current-folder", HTMLElement).focus());
});
addEventListener("popstate", () => void openFolder(folderOf(location.pathname), false));
addEventListener("online", () => queue.pausedBy !== undefined && queue.resume());
addEventListener("beforeunload", (event) => {
  if (queue.busy) event.preventDefault();
});
const providerFailure = new URLSearchParams(location.search).get("login");
if (providerFailure !== null) history.replaceState(null, "", location.pathname);
void openFolder(folder, false).then(() => {
  if (providerFailure !== null) login.explainProvider(providerFailure);
});
