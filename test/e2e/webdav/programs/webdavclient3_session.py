"""webdavclient3 as people use it: `python3 webdavclient3_session.py URL NAME PASSWORD FOLDER`."""

import os
import sys
from urllib.parse import urlsplit

from webdav3.client import Client

URL, NAME, PASSWORD, FOLDER = sys.argv[1:5]

# The path goes into an option of its own: otherwise a folder is listed as an entry of itself.
where = urlsplit(URL)
options = {"webdav_hostname": f"{where.scheme}://{where.netloc}", "webdav_root": where.path}
client = Client({**options, "webdav_login": NAME, "webdav_password": PASSWORD} if NAME else options)
tree = os.path.join(FOLDER, "tree")
os.makedirs(os.path.join(tree, "below"))
for name in ("a.txt", "below/zwei Wörter.txt"):
    with open(os.path.join(tree, name), "w", encoding="utf-8") as written:
        written.write(name)
client.mkdir("folder")
client.upload_sync(remote_path="folder/tree", local_path=tree)
assert client.check("folder/tree/below/zwei Wörter.txt")
assert sorted(client.list("folder/tree")) == ["a.txt", "below/"]
assert int(client.info("folder/tree/a.txt")["size"]) == 5
client.copy(remote_path_from="folder/tree/a.txt", remote_path_to="folder/b.txt")
client.move(remote_path_from="folder/b.txt", remote_path_to="folder/c.txt")
assert not client.check("folder/b.txt")
assert int(client.free()) > 0
PROPERTY = {"namespace": "urn:example", "name": "colour", "value": "blue"}
client.set_property("folder/c.txt", option=PROPERTY)
assert client.get_property("folder/c.txt", option=PROPERTY) == "blue"
with client.lock("folder/c.txt", timeout=60) as locked:
    locked.upload_to(b"locked", "folder/c.txt")
client.download_sync(remote_path="folder", local_path=os.path.join(FOLDER, "back"))
with open(os.path.join(FOLDER, "back/tree/below/zwei Wörter.txt"), encoding="utf-8") as opened:
    assert opened.read() == "below/zwei Wörter.txt"
client.clean("folder/tree")
print("done")
