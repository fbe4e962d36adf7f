"""tuspy as people use it: `python3 tuspy.py FILE OPTIONS`, each upload a process of its own. Prints where it stands as JSON."""

import asyncio
import json
import sys

from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage
from tusclient.uploader import Uploader

PATH, OPTIONS = sys.argv[1], json.loads(sys.argv[2])


class Wrong(Uploader):
    """Sends checksums of other bytes than it sends."""

    @property
    def checksum_algorithm(self):
        made = super().checksum_algorithm
        return lambda chunk: made(chunk + b"!")


def uploader():
    client = TusClient(OPTIONS["endpoint"])
    arguments = {
        "client": client,
        "metadata": OPTIONS.get("metadata"),
        "upload_checksum": OPTIONS.get("checksum", True),
        # Only what the test says: the defaults of tuspy are used as well.
        **{key: OPTIONS[key] for key in ("chunk_size", "url") if key in OPTIONS},
    }
    if "urls" in OPTIONS:
        arguments |= {"store_url": True, "url_storage": FileStorage(OPTIONS["urls"])}
    if OPTIONS.get("wrong"):
        return Wrong(PATH, **arguments)
    return client.async_uploader(PATH, **arguments) if OPTIONS.get("later") else client.uploader(PATH, **arguments)


def main():
    upload = uploader()
    began = upload.offset
    failed = None
    try:
        done = upload.upload(stop_at=OPTIONS.get("stop_at"))
        if done is not None:
            asyncio.run(done)
    except Exception as error:  # pylint: disable=broad-except
        failed = getattr(error, "status_code", None) or repr(error)
    print(json.dumps({"began": began, "offset": upload.offset, "url": upload.url, "failed": failed}))


main()
