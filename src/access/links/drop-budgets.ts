// The budgets of drops: bytes and files. What running uploads have reserved is kept in memory; what they have saved is in access.db.

import { Problem } from "../../errors.ts";
import { formatBytes } from "../../units.ts";
import type { Access } from "../access.ts";
import type { Left } from "../database/changes/link-changes.ts";
import type { Link } from "../database/snapshot.ts";
import { linkGone } from "./link-state.ts";

/** Reserved by the running uploads of one drop. */
interface Reserved {
  bytes: number;
  files: number;
}

export class DropBudgets {
  readonly #reserved = new Map<string, Reserved>();

  constructor(readonly access: Access) {}

  /**
   * Reserves one file, and its bytes if they are known. Nothing is awaited between the check and the reservation, so that
   * 50 at once with room for 3 get 3.
   * @throws Problem link_full, file_too_large, link_gone
   */
  claim(link: Link, size: number | null): DropClaim {
    const claim = new DropClaim(this, link.id);
    claim.cover(size ?? 0);
    return claim;
  }

  /** Reserves nothing before the first byte. */
  claimLater(id: string): DropClaim {
    return new DropClaim(this, id);
  }

  /** The drop as it is now. @throws Problem link_gone */
  linkOf(id: string): Link {
    const link = this.access.snapshot.links.get(id);
    if (!link || link.revoked) throw linkGone();
    return link;
  }

  /** Counts a file in the database, and in memory. @returns what is left; null when it was not enough */
  async count(name: "spendUpload" | "refundUpload", id: string, bytes: number): Promise<Left | null> {
    const left = await this.access.change(name, { id, bytes }, { read: false });
    const link = this.access.snapshot.links.get(id);
    if (left && link) Object.assign(link, left);
    return left;
  }

  reservedOf(id: string): Reserved {
    return this.#reserved.get(id) ?? { bytes: 0, files: 0 };
  }

  reserve(id: string, bytes: number, files: number): void {
    const before = this.reservedOf(id);
    const after = { bytes: before.bytes + bytes, files: before.files + files };
    if (after.bytes === 0 && after.files === 0) this.#reserved.delete(id);
    else this.#reserved.set(id, after);
  }
}

/** The part of one upload: see `Allowance` of the core. */
export class DropClaim {
  #bytes = 0;
  #files = 0;
  #spent: number | undefined;
  #ended = false;

  /** Created by `DropBudgets` only. */
  constructor(
    readonly budgets: DropBudgets,
    readonly id: string,
  ) {}

  /** Reserves room for a file of this length. @throws Problem link_full, file_too_large, link_gone */
  cover(length: number): void {
    if (this.#files === 1 && length <= this.#bytes) return;
    const { bytesLeft, filesLeft, largest } = this.budgets.linkOf(this.id);
    if (largest !== null && length > largest)
      throw new Problem(
        "file_too_large",
        `The largest file that this link takes has ${formatBytes(largest)}.`,
      );
    const { bytes, files } = this.budgets.reservedOf(this.id);
    if (filesLeft !== null && files - this.#files >= filesLeft) throw linkFull("files");
    if (bytesLeft !== null && bytes - this.#bytes + length > bytesLeft) throw linkFull("bytes");
    this.#hold(length, 1);
  }

  /** Counts the file in the database. Calling it again has no effect. @throws Problem link_full, link_gone */
  async spend(size: number): Promise<void> {
    if (this.#spent !== undefined) return;
    this.cover(size);
    const { bytesLeft, filesLeft } = this.budgets.linkOf(this.id);
    if (bytesLeft !== null || filesLeft !== null) {
      const left = await this.budgets.count("spendUpload", this.id, size);
      // Another process changed the limits, or revoked the link.
      if (!left) throw linkFull("bytes");
      this.#spent = size;
    }
    this.#hold(0, 0);
  }

  /** The file was published: what was spent stays spent. */
  settle(): void {
    this.#ended = true;
  }

  /** Gives back everything unless the file was published. Calling it again has no effect. */
  release(): void {
    this.#hold(0, 0);
    if (this.#ended) return;
    this.#ended = true;
    if (this.#spent === undefined) return;
    const { access } = this.budgets;
    this.budgets.count("refundUpload", this.id, this.#spent).catch((error: unknown) => {
      access.options.warn?.(
        `The ${this.#spent} bytes of a failed upload could not be given back to the drop ${this.id}: ${error}`,
      );
    });
  }

  #hold(bytes: number, files: number): void {
    this.budgets.reserve(this.id, bytes - this.#bytes, files - this.#files);
    this.#bytes = bytes;
    this.#files = files;
  }
}

function linkFull(of: "files" | "bytes"): Problem {
  return new Problem(
    "link_full",
    of === "files"
      ? "This link takes no more files. Ask the person who sent it for another one."
      : "The file is larger than what is left for this link. Ask the person who sent it for another one.",
  );
}
