// The package `webdav` as people use it: `node npm-webdav.mjs URL NAME PASSWORD`. Prints "done".

import assert from "node:assert/strict";
import { createClient } from "webdav";

const [url, username, password] = process.argv.slice(2);
const client = createClient(url, username ? { username, password } : {});

await client.createDirectory("/folder/below", { recursive: true });
assert.equal(await client.putFileContents("/folder/zwei Wörter & 100%.txt", "canary"), true);
assert.equal(
  await client.putFileContents("/folder/zwei Wörter & 100%.txt", "x", { overwrite: false }),
  false,
);
const names = (await client.getDirectoryContents("/folder")).map(
  ({ basename, type }) => `${type} ${basename}`,
);
assert.deepEqual(names.toSorted(), ["directory below", "file zwei Wörter & 100%.txt"]);
const deep = await client.getDirectoryContents("/", { glob: "/folder/*.txt", details: true });
assert.equal(deep.data.length, 0);
const stat = await client.stat("/folder/zwei Wörter & 100%.txt");
assert.equal(stat.size, 6);
assert.equal(stat.mime, "text/plain");
assert.ok(stat.etag && Date.now() - Date.parse(stat.lastmod) < 600_000);
await client.copyFile("/folder/zwei Wörter & 100%.txt", "/folder/b.txt");
await client.moveFile("/folder/b.txt", "/folder/c.txt");
await assert.rejects(
  client.moveFile("/folder/zwei Wörter & 100%.txt", "/folder/c.txt", { overwrite: false }),
  {
    status: 412,
  },
);
assert.equal(await client.getFileContents("/folder/c.txt", { format: "text" }), "canary");
assert.equal(await client.exists("/folder/b.txt"), false);

const lock = await client.lock("/folder/c.txt");
await assert.rejects(client.putFileContents("/folder/c.txt", "no"), { status: 423 });
await client.putFileContents("/folder/c.txt", "locked", { headers: { If: `(<${lock.token}>)` } });
await client.unlock("/folder/c.txt", lock.token);

const written = client.createWriteStream("/folder/stream.bin", { overwrite: true });
const sent = new Promise((resolve, reject) => written.on("finish", resolve).on("error", reject));
written.end(Buffer.alloc(300_000, 7));
await sent;
while (!(await client.exists("/folder/stream.bin"))) await new Promise((resolve) => setTimeout(resolve, 20));
const read = [];
for await (const piece of client.createReadStream("/folder/stream.bin", { range: { start: 10, end: 19 } }))
  read.push(piece);
assert.deepEqual(Buffer.concat(read), Buffer.alloc(10, 7));

await client.deleteFile("/folder");
assert.equal(await client.exists("/folder"), false);
console.log("done");
