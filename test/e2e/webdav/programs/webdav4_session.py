"""webdav4 as people use it: `python3 webdav4_session.py URL NAME PASSWORD`, with its client and its file system."""

import io
import sys

from webdav4.client import Client
from webdav4.fsspec import WebdavFileSystem

URL, NAME, PASSWORD = sys.argv[1:4]
AUTH = (NAME, PASSWORD) if NAME else None

client = Client(URL, auth=AUTH)
client.mkdir("folder")
client.upload_fileobj(io.BytesIO(b"canary"), "folder/a.txt")
client.copy("folder/a.txt", "folder/zwei Wörter.txt")
client.move("folder/zwei Wörter.txt", "folder/b.txt")
assert client.exists("folder/b.txt") and not client.exists("folder/zwei Wörter.txt")
assert sorted(entry["name"] for entry in client.ls("folder")) == ["folder/a.txt", "folder/b.txt"]
assert client.content_length("folder/a.txt") == 6
assert client.isdir("folder") and client.isfile("folder/a.txt")
assert client.etag("folder/a.txt") and client.modified("folder/a.txt")
client.upload_fileobj(io.BytesIO(b"changed"), "folder/a.txt", overwrite=True)
with client.open("folder/a.txt", "r") as opened:
    assert opened.read() == "changed"
with client.open("folder/a.txt", "rb") as opened:
    opened.seek(3)
    assert opened.read() == b"nged"
client.copy("folder", "copied")
client.remove("folder")

files = WebdavFileSystem(URL, auth=AUTH)
with files.open("copied/c.txt", "w") as opened:
    opened.write("by fsspec")
assert files.cat("copied/c.txt") == b"by fsspec"
assert sorted(files.find("copied")) == ["copied/a.txt", "copied/b.txt", "copied/c.txt"]
files.rm("copied/b.txt")
print("done")
