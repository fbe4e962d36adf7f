// Files and folders get the owner, mode, access control list and attributes that cp and mkdir would have given them there.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { DiskStorage } from "../../../../src/storage/disk/disk.ts";
import {
  ACCESS_ACL,
  attributeOf,
  attributesOf,
  DEFAULT_ACL,
  setAttribute,
} from "../../../../src/storage/disk/os/attributes.ts";
import { newTrashId } from "../../../../src/storage/trash.ts";
import { newUploadId } from "../../../../src/storage/upload-id.ts";
import { skipped } from "../../../support/switches.ts";
import { copy } from "../../contract/copying.ts";
import { file, fill, put, text } from "../../driving.ts";
import { callsWith, failing, NAMING } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";

const GROUP = 12_345;
const NAME = "user.sluice.test";
const VALUE = new Uint8Array([0, 1, 255]);
/** rwx for the owner, a user, a group and the mask, nothing for others: version 2, then tag, permissions and id of each. */
const ACL = acl([0x01, 7, -1], [0x02, 7, 1234], [0x04, 5, -1], [0x08, 6, 4321], [0x10, 7, -1], [0x20, 0, -1]);

function acl(...entries: [tag: number, permissions: number, id: number][]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 + 8 * entries.length));
  view.setUint32(0, 2, true);
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    view.setUint16(4 + 8 * index, tag, true);
    view.setUint16(6 + 8 * index, permissions, true);
    view.setInt32(8 + 8 * index, id, true);
  }
  return new Uint8Array(view.buffer);
}

/** Owner, mode and lists. */
function rightsOf(path: string) {
  const { uid, gid, mode } = statSync(path);
  const lists = [ACCESS_ACL, DEFAULT_ACL].map((name) => attributeOf(path, name)?.toHex() ?? null);
  return { uid, gid, mode: (mode & 0o7777).toString(8), lists };
}

function attach(path: string, name: string, value: Uint8Array<ArrayBuffer>): boolean {
  const fd = openSync(path, "r");
  try {
    return setAttribute(fd, name, value);
  } finally {
    closeSync(fd);
  }
}

async function whyNot(): Promise<string | null> {
  if (process.platform !== "linux") return "this is not Linux";
  if (process.getuid?.() !== 0) return "only root may give files to others";
  await using root = await TemporaryRoot.make();
  if (!attach(root.root, NAME, VALUE)) return "the temporary folder has no user attributes";
  return attach(root.root, DEFAULT_ACL, ACL) ? null : "the temporary folder has no access control lists";
}

const reason = await whyNot();
if (reason) skipped("owner, mode, lists and attributes", reason, "set TMPDIR to a folder on ext4 or xfs");

/** Ways in which a file arrives under a name that is new or taken. */
const WAYS: [
  way: string,
  arrive: (storage: DiskStorage, path: string, root: TemporaryRoot) => Promise<unknown>,
][] = [
  ["an upload", (storage, path) => put(storage, path, "new", true)],
  [
    "a resumable upload",
    async (storage, path) => {
      const upload = await storage.begin(file(path), newUploadId());
      await fill(upload, [text("new")]);
      await upload.finish(file(path), { replace: true });
    },
  ],
  [
    "a copy",
    async (storage, path, root) => {
      await put(storage, "source", "new", true);
      chmodSync(root.in("source"), 0o666);
      await copy(storage, "source", path, true);
    },
  ],
];

describe.skipIf(reason !== null).each(NAMING)("with %s", (_, calls) => {
  let root: TemporaryRoot;
  let storage: DiskStorage;
  let umask: number;
  beforeEach(async () => {
    umask = process.umask();
    root = await TemporaryRoot.make();
    storage = await root.open({ calls });
    mkdirSync(root.in("folder"));
  });
  afterEach(async () => {
    process.umask(umask);
    await root[Symbol.asyncDispose]();
  });

  const FOLDERS: [kind: string, prepare: (folder: string) => void][] = [
    ["an ordinary folder", () => undefined],
    ["a folder closed to others", (folder) => chmodSync(folder, 0o700)],
    ["a folder of another owner", (folder) => chownSync(folder, GROUP, GROUP)],
    ["a folder, under a strict umask", () => void process.umask(0o027)],
    [
      "a setgid folder",
      (folder) => {
        chownSync(folder, 0, GROUP);
        chmodSync(folder, 0o2775);
      },
    ],
    ["a folder with a default list", (folder) => void attach(folder, DEFAULT_ACL, ACL)],
    [
      "a folder with a default list of the owner, the group and others alone",
      (folder) => void attach(folder, DEFAULT_ACL, acl([0x01, 7, -1], [0x04, 7, -1], [0x20, 4, -1])),
    ],
    [
      "a setgid folder with a default list",
      (folder) => {
        chownSync(folder, 0, GROUP);
        chmodSync(folder, 0o2770);
        attach(folder, DEFAULT_ACL, ACL);
      },
    ],
  ];

  describe.each(FOLDERS)("in %s", (_, prepare) => {
    test.each(WAYS)(
      "%s has what a file made there has, and so have new folders above it",
      async (_, arrive) => {
        prepare(root.in("folder"));
        for (const path of ["folder/new", "folder/a/b/new"]) {
          const example = root.in(path.replace("folder/", "folder/by-hand/"));
          mkdirSync(dirname(example), { recursive: true });
          writeFileSync(example, "by hand");
          await arrive(storage, path, root);
          expect(rightsOf(root.in(path))).toEqual(rightsOf(example));
          expect(rightsOf(dirname(root.in(path))), path).toEqual(
            path === "folder/new" ? rightsOf(root.in("folder")) : rightsOf(dirname(example)),
          );
        }
      },
    );

    test("a copied folder has what a folder made there has, all through", async () => {
      await put(storage, "tree/inner/file", "a");
      prepare(root.in("folder"));
      mkdirSync(root.in("folder/by-hand/inner"), { recursive: true });
      writeFileSync(root.in("folder/by-hand/inner/file"), "by hand");
      chmodSync(root.in("tree/inner/file"), 0o666);
      for (const path of ["tree", "tree/inner"]) chmodSync(root.in(path), 0o777);
      await copy(storage, "tree", "folder/copied");
      for (const path of ["", "/inner", "/inner/file"])
        expect(rightsOf(root.in(`folder/copied${path}`)), path).toEqual(
          rightsOf(root.in(`folder/by-hand${path}`)),
        );
    });
  });

  test("a root that hands down its group and list does so no further than its own folder", async () => {
    chownSync(root.root, 0, GROUP);
    chmodSync(root.root, 0o2775);
    attach(root.root, DEFAULT_ACL, ACL);
    storage = await root.reopen({ calls });
    const plain = rightsOf(root.in("folder"));
    writeFileSync(root.in("folder/by-hand"), "by hand");
    await put(storage, "folder/new", "new");
    expect(rightsOf(root.in("folder/new"))).toEqual(rightsOf(root.in("folder/by-hand")));
    writeFileSync(root.in("by-hand"), "by hand");
    await put(storage, "new", "new");
    expect(rightsOf(root.in("new"))).toEqual(rightsOf(root.in("by-hand")));
    expect(rightsOf(root.in("folder"))).toEqual(plain);
    for (const own of [".sluice", ".sluice/uploads", ".sluice/kept"])
      expect(rightsOf(root.in(own)), own).toMatchObject({ mode: "700", lists: [null, null] });
  });

  describe.each(WAYS)("%s that replaces a file keeps", (_, arrive) => {
    test("its owner, group and mode", async () => {
      await put(storage, "folder/a", "old");
      chownSync(root.in("folder/a"), GROUP, GROUP + 1);
      chmodSync(root.in("folder/a"), 0o640);
      const before = rightsOf(root.in("folder/a"));
      await arrive(storage, "folder/a", root);
      expect(await Bun.file(root.in("folder/a")).text()).toBe("new");
      expect(rightsOf(root.in("folder/a"))).toEqual(before);
    });

    test("a mode that hides it, also in a folder with a default list", async () => {
      await put(storage, "folder/a", "old");
      chmodSync(root.in("folder/a"), 0o600);
      attach(root.in("folder"), DEFAULT_ACL, ACL);
      const before = rightsOf(root.in("folder/a"));
      await arrive(storage, "folder/a", root);
      expect(rightsOf(root.in("folder/a"))).toEqual(before);
    });

    test("its list and the attributes that users gave it, but no set-user-id bit", async () => {
      await put(storage, "folder/a", "old");
      attach(root.in("folder/a"), ACCESS_ACL, ACL);
      attach(root.in("folder/a"), NAME, VALUE);
      attach(root.in("folder/a"), "user.empty", new Uint8Array());
      const before = rightsOf(root.in("folder/a"));
      chmodSync(root.in("folder/a"), 0o4770);
      await arrive(storage, "folder/a", root);
      expect(rightsOf(root.in("folder/a"))).toEqual(before);
      expect(attributeOf(root.in("folder/a"), NAME)).toEqual(VALUE);
      expect(
        attributesOf(root.in("folder/a"))
          .filter((name) => name.startsWith("user."))
          .sort(),
      ).toEqual(["user.empty", NAME]);
    });
  });

  test("copies keep modes and the attributes that users gave", async () => {
    await put(storage, "tree/inner/file", "a");
    chmodSync(root.in("tree/inner"), 0o700);
    chmodSync(root.in("tree/inner/file"), 0o640);
    for (const path of ["tree", "tree/inner", "tree/inner/file"]) attach(root.in(path), NAME, VALUE);
    await copy(storage, "tree", "copied");
    await copy(storage, "tree/inner/file", "one");
    for (const path of ["", "/inner", "/inner/file"]) {
      expect(attributeOf(root.in(`copied${path}`), NAME), path).toEqual(VALUE);
      expect(rightsOf(root.in(`copied${path}`)), path).toEqual(rightsOf(root.in(`tree${path}`)));
    }
    expect(attributeOf(root.in("one"), NAME)).toEqual(VALUE);
    expect(rightsOf(root.in("one"))).toEqual(rightsOf(root.in("tree/inner/file")));
  });

  test("a copy for a move to another file system, keeps owners, modes and lists", async () => {
    await put(storage, "tree/inner/file", "a");
    attach(root.in("tree/inner"), DEFAULT_ACL, ACL);
    attach(root.in("tree/inner/file"), ACCESS_ACL, ACL);
    chmodSync(root.in("tree"), 0o711);
    for (const path of ["tree", "tree/inner/file"]) chownSync(root.in(path), GROUP, GROUP + 1);
    chownSync(root.in("folder"), 0, GROUP + 2);
    chmodSync(root.in("folder"), 0o2775);
    for (const [from, to] of [
      ["tree", "folder/moved"],
      ["tree/inner/file", "folder/file"],
    ] as const) {
      const copying = await storage.copy(file(from), file(to));
      await copying.run({ signal: new AbortController().signal, took: () => undefined, move: true });
      await copying.finish(file(to), { replace: false });
      await copying.discard();
    }
    for (const path of ["", "/inner", "/inner/file"])
      expect(rightsOf(root.in(`folder/moved${path}`)), path).toEqual(rightsOf(root.in(`tree${path}`)));
    expect(rightsOf(root.in("folder/file"))).toEqual(rightsOf(root.in("tree/inner/file")));
  });

  test("what comes back from the trash has what it had", async () => {
    await put(storage, "folder/a", "a");
    chownSync(root.in("folder/a"), GROUP, GROUP);
    chmodSync(root.in("folder/a"), 0o604);
    attach(root.in("folder/a"), NAME, VALUE);
    attach(root.in("folder"), DEFAULT_ACL, ACL);
    const before = rightsOf(root.in("folder/a"));
    const id = newTrashId(Date.now(), 0);
    await storage.trash.put(file("folder/a"), id, { recursive: false });
    await storage.trash.restore(id, file("folder/a"), { replace: false });
    expect(rightsOf(root.in("folder/a"))).toEqual(before);
    expect(attributeOf(root.in("folder/a"), NAME)).toEqual(VALUE);
  });
});

test.skipIf(reason !== null)("who may not give files away keeps the mode all the same", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open({ calls: callsWith({ chown: failing("EPERM") }) });
  await put(storage, "a", "old");
  chownSync(root.in("a"), GROUP, GROUP);
  chmodSync(root.in("a"), 0o600);
  await put(storage, "a", "new", true);
  expect(rightsOf(root.in("a"))).toMatchObject({ uid: 0, mode: "600" });
});

test.skipIf(reason !== null)("where the C library cannot be called, uploads work without lists", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open({
    calls: callsWith({ attributeOf: () => null, attributesOf: () => [], setAttribute: () => false }),
  });
  attach(root.root, DEFAULT_ACL, ACL);
  await put(storage, "a", "old");
  chmodSync(root.in("a"), 0o600);
  await put(storage, "a", "new", true);
  expect(rightsOf(root.in("a"))).toMatchObject({ mode: "600", lists: [null, null] });
});
