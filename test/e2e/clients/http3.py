"""Sends one PUT over HTTP/3, with a Content-Length of the caller's choice, and prints the answer as JSON.

python http3.py PORT PATH LENGTH BODY
"""

import asyncio
import json
import ssl
import sys

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, StreamReset


class Client(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = H3Connection(self._quic)
        self.answer = asyncio.get_event_loop().create_future()
        self.status = None
        self.body = b""

    def end(self, value):
        if not self.answer.done():
            self.answer.set_result(value)

    def quic_event_received(self, event):
        if isinstance(event, StreamReset):
            self.end({"reset": event.error_code})
        if isinstance(event, ConnectionTerminated):
            self.end({"closed": event.error_code})
        for http_event in self.http.handle_event(event):
            if isinstance(http_event, HeadersReceived):
                headers = dict(http_event.headers)
                self.status = int(headers.get(b":status", b"0"))
            if isinstance(http_event, DataReceived):
                self.body += http_event.data
            if isinstance(http_event, (HeadersReceived, DataReceived)) and http_event.stream_ended:
                self.end({"status": self.status, "body": self.body.decode()})


async def main(port, path, length, body):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE)
    async with connect("127.0.0.1", int(port), configuration=configuration, create_protocol=Client) as client:
        stream = client._quic.get_next_available_stream_id()
        headers = [
            (b":method", b"PUT"),
            (b":scheme", b"https"),
            (b":authority", f"localhost:{port}".encode()),
            (b":path", path.encode()),
            (b"content-length", length.encode()),
        ]
        client.http.send_headers(stream, headers)
        client.http.send_data(stream, body.encode(), end_stream=True)
        client.transmit()
        print(json.dumps(await asyncio.wait_for(client.answer, 20)))


asyncio.run(main(*sys.argv[1:]))
