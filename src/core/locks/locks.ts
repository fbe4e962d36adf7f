// Locks: clients reserve files and folders for their own changes. They hold for every protocol, and survive a restart.

import { checkFolderPath, type FilePath, type FolderPath, isWithin } from "../../path.ts";
import type { LockRecords } from "../../storage/lock-records.ts";
import type { Storage } from "../../storage/storage.ts";
import { foldersAbove, type Lock, LockTable } from "./lock-table.ts";
import { locked, lockNotFound, notYourLock, ownerTooLong, tooManyLocks } from "./refusals.ts";
import { RunningChanges, type TreeChange } from "./running-changes.ts";

/** Locks in all. */
const MAX_LOCKS = 10_000;
/** Locks of one account, or of one client without an account. */
const MAX_OWN = 1000;
/** Shared locks of one path: each is listed with every entry that it covers. */
const MAX_SHARED = 32;
/** Bytes of UTF-8. */
const MAX_OWNER = 1024;
/** Seconds that a lock is granted for, at most. */
export const MAX_LOCK_SECONDS = 3600;

/** The part of the rights of a client that concerns locks. */
export interface LockGrants {
  /** The tokens that it has sent, of its own locks: see `Locks.ownTokens`. */
  lockTokens?: readonly string[];
  /** Whether it may learn who has made a lock that refuses it. @default false */
  read?: boolean;
}

/** A lock to be made. */
export interface LockRequest extends Pick<Lock, "path" | "depth" | "scope" | "owner" | "account"> {
  /** Clients without an account are counted by their address. */
  client: string | undefined;
  seconds: number;
  may?: LockGrants;
}

/** The client that renews or releases a lock. */
export interface LockUser {
  account: string | null;
  /** Whether it is an owner of the server, who may release all locks. */
  owner?: boolean;
}

interface Refusal {
  lock: Lock;
  /** Begins a sentence. */
  where: string;
}

export class Locks {
  readonly #table = new LockTable();
  readonly #changes = new RunningChanges();
  /** The client by token, of locks made since the start. */
  readonly #clients = new Map<string, string | undefined>();
  /** The records that the table was read from. */
  #loaded: LockRecords | undefined;

  constructor(
    readonly storage: Pick<Storage, "find" | "lockRecords">,
    readonly now: () => number = Date.now,
  ) {}

  /** Whether there is no lock. Costs next to nothing. */
  get none(): boolean {
    const { lockRecords } = this.storage;
    // Other records once a root that was not writable at the start has become so.
    if (lockRecords !== this.#loaded) this.#load(lockRecords);
    if (this.#table.size > 0 && this.#table.soonest <= this.now()) this.#expire();
    return this.#table.size === 0;
  }

  /** The locks of a path: made at it, or at a folder above it with everything below. */
  covering(path: FilePath | FolderPath): Lock[] {
    return this.none ? [] : this.#table.covering(path);
  }

  /** The locks made at a path or below it. */
  within(path: FilePath | FolderPath): Lock[] {
    return this.none ? [] : this.#table.within(path);
  }

  /** The tokens, of those that a client has sent, whose locks are its own. */
  ownTokens(tokens: readonly string[], account: string | null): string[] {
    if (this.none) return [];
    return tokens.filter((token) => this.#table.find(token)?.account === account);
  }

  /** Runs the step that makes a change, unless a lock refuses it. @throws LockedProblem */
  async change<T>(change: TreeChange, may: LockGrants, step: () => Promise<T>): Promise<T> {
    // Begun before the check, so that a new lock either refuses the change or waits for it.
    const end = this.#changes.begin(change);
    try {
      if (!this.none) await this.permit(change, may);
      return await step();
    } finally {
      end();
    }
  }

  /** Checks a change before work is spent on it. @throws LockedProblem */
  async permit(change: TreeChange, may: LockGrants): Promise<void> {
    if (this.none) return;
    const refusal = await this.#refusal(change, may.lockTokens ?? []);
    if (!refusal) return;
    // If an entry is there already, nothing is created: that its name is taken is the better answer.
    if (change.does === "create" && (await this.#exists(change.path))) return;
    throw locked(refusal.lock, refusal.where, may.read === true);
  }

  async #refusal({ path, does }: TreeChange, tokens: readonly string[]): Promise<Refusal | null> {
    const lock = refusing(this.#table.covering(path), tokens);
    if (lock) return { lock, where: "This" };
    if (does !== "remove") return await this.#memberRefusal(path, path, tokens);
    for (const locks of Map.groupBy(this.#table.within(path), (inside) => inside.path).values()) {
      const inside = refusing(locks, tokens);
      if (inside) return { lock: inside, where: "Something in this folder" };
    }
    return await this.#memberRefusal(path, null, tokens);
  }

  /**
   * A lock of a folder without what is below protects its list of members (RFC 4918 section 7.4): the change must neither
   * add nor remove one.
   * @param added the path that the change may add, with missing folders above it; null when it adds none
   */
  async #memberRefusal(
    path: string,
    added: string | null,
    tokens: readonly string[],
  ): Promise<Refusal | null> {
    let member = added;
    for (const folder of foldersAbove(path)) {
      const locks = this.#table.at(folder).filter(({ depth }) => depth === "0");
      const lock = refusing(locks, tokens);
      if (lock && (member === null || !(await this.#exists(member)))) return { lock, where: "The folder" };
      member = folder;
    }
    return null;
  }

  async #exists(path: string): Promise<boolean> {
    return (await this.storage.find(checkFolderPath(path))) !== null;
  }

  /**
   * Makes a lock, and waits until changes that were permitted before have ended. The path need not have an entry.
   * @throws LockedProblem for a conflicting lock; Problem too_many_locks, invalid_request, storage_read_only
   */
  async create(request: LockRequest): Promise<Lock> {
    const { path, depth, scope, owner, account, seconds, may = {} } = request;
    if (Buffer.byteLength(owner) > MAX_OWNER) throw ownerTooLong(MAX_OWNER);
    this.#assertNoConflict(request, may);
    this.#assertFewer(request);
    const token = `urn:uuid:${crypto.randomUUID()}`;
    const lock: Lock = { token, path, depth, scope, owner, account, expires: this.#expiry(seconds) };
    this.#table.add(lock);
    this.#clients.set(token, request.client);
    try {
      await this.#changes.endedFor(lock);
      await this.storage.lockRecords.put(lock);
      return lock;
    } catch (error) {
      this.#delete(token);
      throw error;
    }
  }

  #assertNoConflict({ path, depth, scope }: LockRequest, may: LockGrants): void {
    if (this.none) return;
    const conflicts = (lock: Lock): boolean => scope === "exclusive" || lock.scope === "exclusive";
    const covering = this.#table.covering(path).find(conflicts);
    if (covering) throw locked(covering, "This", may.read === true);
    const inside = depth === "infinity" ? this.#table.within(path).find(conflicts) : undefined;
    if (inside) throw locked(inside, "Something in this folder", may.read === true);
  }

  #assertFewer({ path, account, client }: LockRequest): void {
    if (this.#table.size >= MAX_LOCKS) throw tooManyLocks("all");
    if (this.#table.covering(path).length >= MAX_SHARED) throw tooManyLocks("shared");
    let own = 0;
    for (const lock of this.#table.all)
      if (lock.account === account && (account !== null || this.#clients.get(lock.token) === client))
        own += 1;
    if (own >= MAX_OWN) throw tooManyLocks("yours");
  }

  /** Renews a lock that covers a path. @throws Problem no_such_lock, not_allowed */
  async refresh(token: string, path: FilePath | FolderPath, user: LockUser, seconds: number): Promise<Lock> {
    const lock = this.#found(token, path);
    if (lock.account !== user.account) throw notYourLock();
    const renewed = { ...lock, expires: this.#expiry(seconds) };
    await this.storage.lockRecords.put(renewed);
    // It may have been released while it was written.
    if (this.#table.find(token)) this.#table.add(renewed);
    else await this.storage.lockRecords.remove([token]);
    return renewed;
  }

  /** Releases a lock that covers a path. @throws Problem no_such_lock, not_allowed */
  async remove(token: string, path: FilePath | FolderPath, user: LockUser): Promise<void> {
    const lock = this.#found(token, path);
    if (lock.account !== user.account && user.owner !== true) throw notYourLock();
    await this.#forget([token]);
  }

  /** Releases the locks of an entry that was moved away or removed, and of everything in it. Never throws. */
  async removeWithin(path: FilePath): Promise<void> {
    await this.removeAll(this.within(path));
  }

  /** Releases locks. Never throws. */
  async removeAll(locks: readonly Lock[]): Promise<void> {
    if (locks.length === 0) return;
    await this.#forget(locks.map(({ token }) => token));
  }

  #found(token: string, path: string): Lock {
    const lock = this.none ? undefined : this.#table.find(token);
    if (!lock || !(lock.depth === "infinity" ? isWithin(path, lock.path) : path === lock.path))
      throw lockNotFound();
    return lock;
  }

  #expiry(seconds: number): number {
    return this.now() + Math.min(Math.max(1, seconds), MAX_LOCK_SECONDS) * 1000;
  }

  #load(records: LockRecords): void {
    this.#loaded = records;
    this.#table.clear();
    // The clock may have been set back since.
    const latest = this.now() + MAX_LOCK_SECONDS * 1000;
    for (const lock of records.read()) this.#table.add({ ...lock, expires: Math.min(lock.expires, latest) });
  }

  #expire(): void {
    const tokens = this.#table.expire(this.now());
    for (const token of tokens) this.#clients.delete(token);
    this.storage.lockRecords.remove(tokens).catch(() => {
      // The root cannot be written to any more; records that have expired are ignored by the next start.
    });
  }

  async #forget(tokens: readonly string[]): Promise<void> {
    for (const token of tokens) this.#delete(token);
    await this.storage.lockRecords.remove(tokens);
  }

  #delete(token: string): void {
    this.#table.delete(token);
    this.#clients.delete(token);
  }
}

/**
 * The lock, of those of one place, that refuses a change; null if it is permitted. Of several shared locks, one token is
 * enough (RFC 4918 section 6.2).
 */
function refusing(locks: readonly Lock[], tokens: readonly string[]): Lock | null {
  const held = ({ token }: Lock): boolean => tokens.includes(token);
  const exclusive = locks.find((lock) => lock.scope === "exclusive" && !held(lock));
  if (exclusive) return exclusive;
  return locks.some(held) ? null : (locks[0] ?? null);
}
