// Links and drops as visitors use them: found by their token, opened by a password, spent by downloads, closed with their file.

import { Problem } from "../../errors.ts";
import { type FilePath, type FolderPath, isWithin } from "../../path.ts";
import { HOUR } from "../../units.ts";
import type { Access } from "../access.ts";
import type { Asker } from "../asker.ts";
import type { Link } from "../database/snapshot.ts";
import type { Logins } from "../logins.ts";
import { BasicCache } from "../passwords/basic-cache.ts";
import { digestOf, newId } from "../secrets.ts";
import { DropBudgets } from "./drop-budgets.ts";
import { stateOfLink, wordsOfLink } from "./link-state.ts";
import { linkOfToken } from "./token.ts";
import { VISIT_LIFETIME } from "./visit.ts";

/** Milliseconds for which a client without cookies may go on with a download. */
const CLIENT_LIFETIME = HOUR;

/** The one who downloads: a browser by its visit, a program by its address and what it downloads. */
export interface Downloader {
  visit: string | null;
  address: string | undefined;
  /** The ETag of the file, or a name of the archive. */
  content: string;
}

export class Links {
  readonly budgets: DropBudgets;
  readonly #passwords = new BasicCache();
  /** Downloads that are being spent, by ticket. */
  readonly #spending = new Map<string, Promise<boolean>>();
  /** Paths that are being moved: what is missing there is not gone. */
  readonly #moving = new Set<FilePath>();

  constructor(
    readonly access: Access,
    readonly logins: Logins,
  ) {
    this.budgets = new DropBudgets(access);
  }

  /** The link of a token, in whatever state it is; null when there is none. */
  find(token: string): Link | null {
    return linkOfToken(this.access.snapshot, token);
  }

  /**
   * The asker of a link that is open, or whose downloads are used up; null when it is closed, has expired, or its maker may
   * not do there any more what the link lets visitors do.
   */
  askerOf(link: Link): Asker | null {
    const state = stateOfLink(link, this.access.now());
    const asker =
      state === "revoked" || state === "expired" ? null : this.access.asLink(link, wordsOfLink(link));
    return asker?.can(link.kind === "drop" ? "write" : "read", link.path) ? asker : null;
  }

  /**
   * Checks the password of a link.
   * @param remembered for clients that send it with each request
   * @throws Problem link_password, too_many_logins, logins_busy
   */
  async unlock(link: Link, password: string, client: string | undefined, remembered = false): Promise<void> {
    const { id, password: hash } = link;
    const verify = async (): Promise<boolean> => {
      // No account has a name with a colon.
      const { right, attempt } = await this.logins.verify(client, `link:${id}`, password, hash);
      if (!right) throw new Problem("link_password", "The password of this link is wrong.");
      attempt.succeeded();
      return true;
    };
    if (remembered)
      await this.#passwords.check(
        this.#passwords.keyOf(id, password, { uid: hash ?? "", epoch: link.serial }),
        verify,
      );
    else await verify();
  }

  /** Whether a visit has spent a download of this link already. */
  hasTicket(link: Link, visit: string | null): boolean {
    return visit !== null && this.#holds(visitTicket(link, visit));
  }

  /**
   * Spends a download, unless this downloader has spent one: ranges, resumes and parallel connections are one download.
   * @returns whether the bytes may be sent
   */
  async spend(link: Link, downloader: Downloader): Promise<boolean> {
    if (link.downloadsLeft === null) return true;
    const tickets = this.#ticketsOf(link, downloader);
    if (tickets.some(({ text }) => this.#holds(text))) return true;
    for (const { text } of tickets) {
      const running = this.#spending.get(text);
      if (running) return await running;
    }
    const spending = this.access
      .change("spendDownload", {
        id: link.id,
        tickets: tickets.map(({ text, expires }) => ({ digest: digestOf(text), id: newId(), expires })),
      })
      .then((left) => left !== null);
    for (const { text } of tickets) this.#spending.set(text, spending);
    try {
      return await spending;
    } finally {
      for (const { text } of tickets) this.#spending.delete(text);
    }
  }

  /** Whether this downloader gets anything: a link whose downloads are used up is closed for everybody else. */
  isOpenFor(link: Link, downloader: Downloader): boolean {
    if (link.downloadsLeft !== 0) return true;
    const tickets = this.#ticketsOf(link, downloader);
    return tickets.some(({ text }) => this.#holds(text) || this.#spending.has(text));
  }

  #ticketsOf(link: Link, { visit, address, content }: Downloader): { text: string; expires: number }[] {
    const now = this.access.now();
    return [
      ...(visit === null ? [] : [{ text: visitTicket(link, visit), expires: now + VISIT_LIFETIME }]),
      ...(address === undefined
        ? []
        : [{ text: clientTicket(link, address, content), expires: now + CLIENT_LIFETIME }]),
    ];
  }

  /** Closes a link for good, because its path has no entry any more. @returns false while the path is being moved */
  async close(link: Link): Promise<boolean> {
    for (const path of this.#moving) if (isWithin(link.path, path)) return false;
    await this.access.change("removeLinks", { path: link.path });
    return true;
  }

  /** Moves an entry: the links to it, and to everything in it, follow. */
  async move<T extends { entry: { path: FilePath | FolderPath } }>(
    from: FilePath,
    step: () => Promise<T>,
  ): Promise<T> {
    if (this.#within(from).length === 0) return await step();
    return await this.#whileMoving(from, async () => {
      const moved = await step();
      await this.access.change("moveLinks", { from, to: moved.entry.path });
      return moved;
    });
  }

  /** Removes an entry: the links to it, and to everything in it, are closed for good. */
  async remove<T>(path: FilePath, step: () => Promise<T>): Promise<T> {
    const removed = await step();
    if (this.#within(path).length > 0) await this.access.change("removeLinks", { path });
    return removed;
  }

  /** Gives the path of an entry to another one: the links to the old one are closed for good. */
  async replace<T>(path: FilePath, step: () => Promise<T>): Promise<T> {
    const ids = this.#within(path);
    if (ids.length === 0) return await step();
    return await this.#whileMoving(path, async () => {
      const result = await step();
      await this.access.change("removeLinks", { path, ids });
      return result;
    });
  }

  /** Runs a step during which no request closes the links to a path that has no entry for a moment. */
  async #whileMoving<T>(path: FilePath, step: () => Promise<T>): Promise<T> {
    this.#moving.add(path);
    try {
      return await step();
    } finally {
      this.#moving.delete(path);
    }
  }

  #holds(ticket: string): boolean {
    return this.access.secret("ticket", ticket) !== null;
  }

  /** The ids of the links to a path, and to everything below it. */
  #within(path: FilePath): string[] {
    const found: string[] = [];
    for (const { id, revoked, path: to } of this.access.snapshot.links.values())
      if (!revoked && isWithin(to, path)) found.push(id);
    return found;
  }
}

function visitTicket({ id, serial }: Link, visit: string): string {
  return JSON.stringify(["visit", id, serial, visit]);
}

function clientTicket({ id, serial }: Link, address: string, content: string): string {
  return JSON.stringify(["client", id, serial, address, content]);
}
