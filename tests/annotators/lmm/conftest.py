"""Recordings with sound and pictures, utterances of them, and endpoints of models."""

from __future__ import annotations

import json
import threading
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from osmo.annotators.voter import Utterance
from osmo.schemas.endpoints import Endpoint, Models
from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects

RATE_HZ = 16_000
Say = Callable[..., Utterance]
Record = Callable[..., Media]
Known = Callable[..., Models]


def write_sound(path: Path, seconds: float) -> Path:
    """A tone whose pitch says when it sounds: 200 Hz, and 100 Hz more each second."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    tone = 0.3 * np.sin(2 * np.pi * (200 + 100 * np.floor(t)) * (t - np.floor(t)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return path


def write_film(path: Path, seconds: float, *, fps: int = 20, size: tuple[int, int] = (720, 1280)) -> Path:
    """Pictures whose grey says when they are shown: 20, and 20 more each second."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "20", "g": str(fps), "preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        for n in range(round(seconds * fps)):
            grey = np.full((*size, 3), 20 + 20 * (n // fps), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, "rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Makes a media handle over recording `r`; sound_s or film_s null: it has none. Changes go into its rows."""
    cache = MediaCache(Objects(str(tmp_path / "store"), create=True))

    def make(
        *, sound_s: float | None = 6.0, film_s: float | None = 6.0, sound: Path | None = None, film: Path | None = None,
        **changes: object,
    ) -> Media:  # fmt: skip
        files = {
            "audio": sound or (write_sound(tmp_path / "sound.wav", sound_s) if sound_s is not None else None),
            "proxy": film or (write_film(tmp_path / "film.mp4", film_s) if film_s is not None else None),
        }
        rows = []
        for kind, file in files.items():
            if file is None:
                continue
            put = cache.put(file)
            rows.append({
                "recording_id": "r", "kind": kind, "source_sha256": "s", "uri": put.uri, "sha256": put.sha256,
                "bytes": put.bytes, "start_s": 0.0, "duration_s": 6.0, "captioned": False, "silent": False,
                "encoder": "test", **changes,
            })  # fmt: skip
        return Media(cache, MEDIA.rows(rows))

    return make


@pytest.fixture(scope="session")
def say() -> Say:
    """Makes an utterance of recording `r`."""

    def make(
        text: str = "What a wonderful day.",
        *,
        language: str | None = "en",
        speaker: str = "wearer",
        start_s: float = 1.0,
        end_s: float = 3.0,
        recording_id: str = "r",
        segment_id: str | None = None,
    ) -> Utterance:
        return Utterance(segment_id or f"s{start_s}", recording_id, start_s, end_s, text, language, speaker)

    return make


@pytest.fixture(scope="session")
def known() -> Known:
    """Makes the models that a configuration names: pinned, at an address where nobody answers unless it is given."""

    def make(*names: str, reader: str | None = None, **changes: object) -> Models:
        settings: dict[str, object] = {"url": "http://127.0.0.1:9", "model": "m", "revision": "0" * 40, **changes}
        return Models({name: Endpoint.model_validate(settings) for name in names}, reader)

    return make


class ChatServer:
    """An OpenAI-compatible server that keeps what it was asked and answers what the test says.

    Attributes:
        asked: Bodies of the requests, in order of arrival.
        answer: From a request's body to the text of the answer; null: 400.
    """

    def __init__(self, port: int = 0) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], str | None] = lambda _: "neutral"
        self._lock = threading.Lock()
        self._ended = False
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """End it; its port is free again."""
        self._ended = True
        self._server.shutdown()
        self._server.server_close()

    def texts(self) -> list[str]:
        """The text of each question that came with media."""
        return [part["text"] for parts in self.contents() for part in parts if part["type"] == "text"]

    def contents(self) -> list[list[dict[str, Any]]]:
        """The parts of each question that came with media."""
        contents = [request["messages"][-1]["content"] for request in self.asked]
        return [content for content in contents if not isinstance(content, str)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        chat = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(200, {"data": []})

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if chat._ended:  # what is left of a connection that was kept
                    self.close_connection = True
                    return
                with chat._lock:
                    chat.asked.append(request)
                text = chat.answer(request)
                if text is None:
                    self._send(400, {"error": {"message": "no such thing"}})
                    return
                usage = {"prompt_tokens": 7, "completion_tokens": 3}
                choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
                self._send(200, {"choices": [choice], "usage": usage})

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def _send(self, status: int, body: dict[str, Any]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                if self.close_connection:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(content)

        return Handler


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    """A chat server; `chat_server.answer` is the test's to set."""
    server = ChatServer()
    try:
        yield server
    finally:
        server.close()
