"""One request and its answer: the connection of a look at the door is no question's."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp
import pytest

from osmo.annotators.transports.exchange import exchange


class Closing(BaseHTTPRequestHandler):
    """Closes where it was asked to, and does not say so: Python's own server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer({"looked": True})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"asked": True})

    def answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Closing)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_question_never_meets_a_connection_that_the_look_before_it_closed(address: str) -> None:
    async def asked() -> list[bytes]:
        said = []
        for _ in range(40):
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=4)) as session:
                said.append((await exchange(session, address, None, deadline_s=5, limit_bytes=1000)).body)
                asks = (exchange(session, address, b"{}", deadline_s=5, limit_bytes=1000) for _ in range(3))
                said += [reply.body for reply in await asyncio.gather(*asks)]
        return said

    assert sorted(set(asyncio.run(asked()))) == [b'{"asked": true}', b'{"looked": true}']
