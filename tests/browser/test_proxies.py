"""Every proxy seeks at once in a browser: its index comes first, and little more than what is shown is fetched."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Message, Receive, Scope, Send
from vrs_writer import Camera, Microphones, VrsWriter

from osmo.schemas.config import MediaConfig
from osmo.schemas.tables import MEDIA, RECORDINGS
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.media import MediaStage
from osmo.tasks.streams import with_stream
from osmo.tasks.vrs import STREAMS, open_vrs

pytestmark = pytest.mark.e2e

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SECONDS, FPS, HZ = 90, 10, 16_000
DARK, BRIGHT = 60, 180
WAIT_MS = 60_000
_LEAST_PART = 1_000_000
_FIRST = re.compile(r"bytes=(\d+)-")
_PAGE = """<!doctype html><video id="v" preload="metadata" muted></video>"""
_SEEK = """async ([address, before]) => {
  const video = document.getElementById('v');
  const heard = name => new Promise((yes, no) => {
    video.addEventListener(name, yes, {once: true});
    video.addEventListener('error', () => no(new Error(video.error.message)), {once: true});
  });
  const known = heard('loadedmetadata');
  video.src = address;
  await known;
  const at = video.duration - before, sought = heard('seeked');
  video.currentTime = at;
  await sought;
  const canvas = new OffscreenCanvas(16, 16), pen = canvas.getContext('2d');
  let grey = 0;
  for (let tries = 0; grey === 0 && tries < 200; tries++) {  // on a busy machine `seeked` comes before the picture does
    pen.drawImage(video, 0, 0, 16, 16);
    const pixels = pen.getImageData(0, 0, 16, 16).data;
    grey = pixels.reduce((sum, value, n) => n % 4 === 1 ? sum + value : sum, 0) / 256;
    if (grey === 0) await new Promise(later => setTimeout(later, 50));
  }
  const found = {duration: video.duration, at, now: video.currentTime, grey, width: video.videoWidth};
  video.removeAttribute('src');
  video.load();
  return found;
}"""


@dataclass
class Shelf:
    """A web server of one folder that honours ranges, notes where they start, and gives only a part of each.

    What a browser fetches beyond need depends on how busy the machine is; that it needs no more is certain where the
    rest is never sent.
    """

    folder: Path
    starts: list[int] = field(default_factory=list)
    part: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        name = str(scope["path"]).removeprefix("/")
        answer: Response = HTMLResponse(_PAGE) if not name.endswith(".mp4") else FileResponse(self.folder / name)
        asked = dict(scope["headers"]).get(b"range", b"").decode()
        if name and (first := _FIRST.match(asked)):
            self.starts.append(int(first[1]))

        left = self.part if name else len(_PAGE)

        async def in_part(message: Message) -> None:
            nonlocal left
            body = message.get("body", b"")
            if len(body) > left:
                while (await receive())["type"] != "http.disconnect":
                    pass
            left -= len(body)
            await send(message)

        await answer(scope, receive, in_part)


@dataclass
class Theatre:
    """A page of a browser beside a server of proxies."""

    page: Page
    shelf: Shelf
    address: str

    def seek(self, file: Path, before_s: float) -> dict[str, float]:
        self.shelf.folder, self.shelf.starts = file.parent, []
        self.shelf.part = max(file.stat().st_size // 8, _LEAST_PART)
        self.page.goto(self.address)
        found: dict[str, float] = self.page.evaluate(_SEEK, [f"{self.address}{file.name}", before_s])
        return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is absent, and under CI=true nothing is skipped for that")
        pytest.skip("chromium is absent: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, headless=True, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def theatre(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(shelf, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    page = browser.new_page()
    page.set_default_timeout(WAIT_MS)
    yield Theatre(page, shelf, f"http://127.0.0.1:{listening.getsockname()[1]}/")
    page.close()
    server.should_exit = True
    thread.join()


def proxies(path: Path, store: Path, settings: MediaConfig) -> dict[str, Path]:
    """The labelling proxy and the eye proxy of a recording in one VRS file."""
    with open_vrs(path) as file:
        streams = {name: file.streams[stream] for name, stream in STREAMS.items()}
    zero_s = min(stream.start_s for stream in streams.values())
    end_s = max(stream.end_s for stream in streams.values())
    listed = {
        name: [
            {
                "uri": with_stream(str(path), stream.stream_id), "sha256": "x", "bytes": path.stat().st_size,
                "start_s": stream.start_s - zero_s, "duration_s": stream.end_s - stream.start_s,
            }
        ]
        for name, stream in streams.items()
    }  # fmt: skip
    row = {
        "recording_id": "r1", "dataset": "test", "duration_s": end_s - zero_s, "time_domain": "device",
        "synthetic": True, "metadata": "{}", "source": "aea", "source_uri": str(path), "recording_key": "k",
        "eye_fps": streams["eye"].fps, **listed,
    }  # fmt: skip
    cache = MediaCache(Objects(str(store), create=True))
    stage = MediaStage(cache=cache, settings=settings, recordings=lambda _: RECORDINGS.rows([row]))
    outcome = stage.compute(stage.needs(0), Media(cache, MEDIA.empty()))
    assert not outcome.problems
    media = Media(cache, outcome.rows)
    found = {kind: media.path("r1", kind) for kind in ("proxy", "eye")}
    return {kind: place for kind, place in found.items() if place is not None}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Proxies of noise, which is large, on a level that rises with time, which tells a picture's time."""
    folder = tmp_path_factory.mktemp("generated")
    noise = np.random.default_rng(0)
    streams = {
        STREAMS["video"]: Camera(160, 160, FPS, "grey8"),
        STREAMS["eye"]: Camera(256, 96, FPS, "grey8"),
        STREAMS["audio"]: Microphones(1, HZ, "int16"),
    }
    with VrsWriter(folder / "a.vrs", streams) as file:
        for n in range(SECONDS * FPS):
            level = DARK + (BRIGHT - DARK) * n / (SECONDS * FPS)
            for part, shape in (("video", (160, 160)), ("eye", (96, 256))):
                file.picture(STREAMS[part], 5 + n / FPS, (level + noise.integers(-60, 60, shape)).astype(np.uint8))
            file.sound(STREAMS["audio"], 5 + n / FPS, noise.integers(-900, 900, (HZ // FPS, 1)).astype(np.int16))
        file.finish()
    return proxies(folder / "a.vrs", folder / "store", MediaConfig(proxy_height=160, proxy_crf=18))


def place_of(proxy: Path, at_s: float) -> int:
    """The byte of a proxy at which the key picture begins from which a time can be shown."""
    with av.open(str(proxy)) as file:
        keys = [p for p in file.demux(video=0) if p.size and p.is_keyframe and float(p.pts * p.time_base) <= at_s]
    assert keys[-1].pos is not None
    return keys[-1].pos


@pytest.mark.parametrize("kind", ["proxy", "eye"])
@pytest.mark.parametrize("before_s", [2.05, SECONDS / 2], ids=["near the end", "in the middle"])
def test_a_proxy_seeks_by_fetching_a_part_of_it(
    theatre: Theatre, generated: dict[str, Path], kind: str, before_s: float
) -> None:
    found = theatre.seek(generated[kind], before_s)
    size = generated[kind].stat().st_size
    assert size > 5_000_000, "a smaller file would be fetched whole, and prove nothing"
    assert found["duration"] == pytest.approx(SECONDS, abs=0.2)
    assert found["now"] == pytest.approx(found["at"], abs=0.01)
    assert found["grey"] == pytest.approx(DARK + (BRIGHT - DARK) * found["at"] / SECONDS, abs=3)
    place = place_of(generated[kind], found["at"])
    assert any(abs(start - place) < 0.05 * size for start in theatre.shelf.starts), (place, theatre.shelf.starts)


@pytest.mark.parametrize("kind", ["proxy", "eye"])
def test_a_proxy_of_a_genuine_recording_seeks(theatre: Theatre, corpora: Path, tmp_path: Path, kind: str) -> None:
    made = proxies(corpora / "aria_gen1/aea_recording/recording.vrs", tmp_path / "store", MediaConfig())
    found = theatre.seek(made[kind], 0.15)
    assert found["now"] == pytest.approx(found["at"], abs=0.01)
    assert found["width"] == {"proxy": 360, "eye": 640}[kind]
    assert found["grey"] > 10
