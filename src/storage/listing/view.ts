// A view: what of a storage somebody sees. Its text can be posted to the thread that lists folders.

import { type FilePath, type FolderPath, parentOf } from "../../path.ts";

/** The text of a `View`, equal for equal views. */
export type ViewText = string;

/** Whether a folder is shown, with everything below it up to the next point. */
export type ViewPoint = readonly [folder: FolderPath, shown: boolean];

export class View {
  readonly text: ViewText;
  readonly #points: ReadonlyMap<string, boolean>;
  /** The folders above those that are shown. */
  readonly #leading = new Set<string>();

  /** @param points at least that of the root; those that change nothing are left out */
  constructor(points: Iterable<ViewPoint>) {
    const all = new Map<string, boolean>(points);
    const changing = [...all].filter(
      ([path, shown]) => path === "" || nearest(all, parentOf(path)) !== shown,
    );
    this.text = JSON.stringify(changing.sort(([one], [other]) => (one < other ? -1 : 1)));
    this.#points = new Map(changing);
    for (const [path, shown] of changing) if (shown) this.#addLeading(path);
  }

  #addLeading(path: string): void {
    if (path === "") return;
    this.#leading.add(parentOf(path));
    this.#addLeading(parentOf(path));
  }

  /** Whether everything is shown. */
  get isWhole(): boolean {
    return this.#points.size === 1 && this.has("");
  }

  /** Whether an entry is shown itself, and not only because it leads to one that is. */
  has(path: FilePath | FolderPath | ""): boolean {
    return nearest(this.#points, path);
  }

  /** Whether an entry is shown: itself, or as a folder that leads to one that is. */
  sees(path: FilePath | FolderPath): boolean {
    return this.has(path) || this.#leading.has(path);
  }
}

/** Views that are kept; those of one server are few. */
const MAX_KEPT = 64;
const kept = new Map<ViewText, View>();

/** The view with this text; undefined, which shows everything, for undefined. */
export function viewOf(text: ViewText | undefined): View | undefined {
  if (text === undefined) return undefined;
  const known = kept.get(text);
  if (known) return known;
  const view = new View(JSON.parse(text));
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(text, view);
  return view;
}

/** The value at the nearest folder at a path or above it. */
function nearest(points: ReadonlyMap<string, boolean>, path: string): boolean {
  for (let at = path; ; at = parentOf(at)) {
    const shown = points.get(at);
    if (shown !== undefined) return shown;
    if (at === "") return false;
  }
}
