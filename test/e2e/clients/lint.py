"""httplint over answers: reads a JSON list of exchanges, prints for each the notes that are not good, as JSON."""

import json
import sys
from base64 import b64decode

from httplint import HttpRequestLinter, HttpResponseLinter


def notes_of(exchange):
    request = HttpRequestLinter()
    request.process_request_topline(exchange["method"].encode(), exchange["url"].encode(), b"HTTP/1.1")
    request.process_headers([(name.encode(), value.encode()) for name, value in exchange["asked"]])
    request.finish_content(True)
    response = HttpResponseLinter()
    response.request = request
    response.is_head_response = exchange["method"] == "HEAD"
    response.no_content = response.is_head_response
    response.base_uri = exchange["url"]
    response.process_response_topline(b"HTTP/1.1", str(exchange["status"]).encode(), exchange["phrase"].encode())
    response.process_headers([(name.encode(), value.encode("latin-1")) for name, value in exchange["told"]])
    response.feed_content(b64decode(exchange["body"]))
    response.finish_content(True)
    return [
        [note.level.value, type(note).__name__, str(note.summary)]
        for note in response.notes
        if note.level.value not in ("good", "info")
    ]


print(json.dumps([notes_of(exchange) for exchange in json.load(sys.stdin)]))
