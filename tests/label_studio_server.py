"""The real Label Studio for tests: one server for all, in a temporary home, with the environment that is installed."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from osmo.annotators.human import installation
from osmo.annotators.human.bootstrap import LabellingProject, bootstrap
from osmo.annotators.human.client import LabelStudioClient
from osmo.annotators.human.installation import Credentials
from osmo.annotators.human.pseudonyms import Pseudonyms
from osmo.flows import servers
from osmo.schemas.keys import make_id
from osmo.schemas.tables import MEDIA, PUBLICATIONS
from osmo.storage.media import Media, MediaCache, file_sha256
from osmo.storage.store import Store
from osmo.tasks.publish import PublishStage


@dataclass(frozen=True)
class LabelStudioServer:
    """A running server and what is needed to use it."""

    url: str
    home: Path
    credentials: Credentials

    @property
    def media_root(self) -> Path:
        return self.home / "label-studio" / "media"

    def client(self) -> LabelStudioClient:
        return LabelStudioClient(self.url, self.credentials.token, timeout_s=30)

    def project(self, title: str, *, overlap: int = 3) -> LabellingProject:
        return bootstrap(self.client(), title, media_root=self.media_root, overlap=overlap)

    def pseudonyms(self) -> Pseudonyms:
        return Pseudonyms.open(self.home / "pseudonym.key")


def environment() -> Path | None:
    """The installed environment: $OSMO_LABEL_STUDIO_ENV, else the repository's; null: there is none."""
    named = os.environ.get(installation.ENVIRONMENT_VARIABLE)
    folder = Path(named) if named else Path(__file__).parents[1] / ".osmo" / "envs" / "label-studio"
    return folder if (folder / "bin" / "label-studio").exists() else None


@pytest.fixture(scope="session")
def label_studio_environment() -> Path:
    """The installed environment; without one the test is skipped, and fails in CI."""
    folder = environment()
    if folder is None:
        missing = "Label Studio is not installed: `osmo up` installs it, or set OSMO_LABEL_STUDIO_ENV"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder


@contextmanager
def servers_home(home: Path, label_studio_environment: Path) -> Iterator[None]:
    """Let `osmo.flows.servers` work in `home`, with the installed environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(servers.HOME_VARIABLE, str(home))
        patch.setenv(installation.ENVIRONMENT_VARIABLE, str(label_studio_environment))
        yield


@pytest.fixture(scope="session")
def label_studio(
    label_studio_environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LabelStudioServer]:
    """The running Label Studio, in a temporary home (a Prefect server beside it); ended after the last test."""
    home = tmp_path_factory.mktemp("osmo-home")
    try:
        with servers_home(home, label_studio_environment):
            running = servers.up()
            credentials = servers.credentials()
        yield LabelStudioServer(running.label_studio.url, home, credentials)
    finally:
        with servers_home(home, label_studio_environment):
            servers.down()
        shutil.rmtree(home, ignore_errors=True)


class Cutter:
    """A way to the server that is cut after so many connections: what a client sees when the server goes away."""

    def __init__(self, url: str, *, after: int) -> None:
        self._target = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
        self._left = after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._left -= 1
            if self._left < 0:
                near.close()
                continue
            far = socket.create_connection(self._target)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


def dialogue(*lines: tuple[str, str, float, float]) -> list[dict[str, object]]:
    """A clip's dialogue: (speaker, text, start_s, end_s) each."""
    return [dict(zip(("speaker", "text", "start_s", "end_s"), line, strict=True)) for line in lines]


def clips_table(folder: Path, count: int, *, prefix: str = "c") -> pa.Table:
    """Clips with media, as publishing wants them; every third has no speech."""
    said = dialogue(("Anna", "You broke my cup again!", 0.4, 2.6), ("wearer", "I am so angry, I am furious!", 3.0, 5.5))
    rows = []
    for index in range(count):
        media = folder / f"{prefix}{index}.mp4"
        media.write_bytes(f"not really a film {prefix} {index}".encode())
        rows.append(
            {
                "clip_id": make_id("clip", prefix, index),
                "recording_id": f"rec-{index % 7}",
                "media_uri": str(media),
                "media_sha256": file_sha256(media),
                "dialogue": [] if index % 3 == 2 else said,
                "fps": 10.0,
                "language": "en",
            }
        )
    return pa.Table.from_pylist(rows, schema=CLIPS_WITH_MEDIA)


CLIPS_WITH_MEDIA = pa.schema(
    [
        *((name, pa.string()) for name in ("clip_id", "recording_id", "media_uri", "media_sha256")),
        (
            "dialogue",
            pa.list_(
                pa.struct(
                    [
                        ("speaker", pa.string()),
                        ("text", pa.string()),
                        ("start_s", pa.float64()),
                        ("end_s", pa.float64()),
                    ]
                )
            ),
        ),
        ("fps", pa.float64()),
        ("language", pa.string()),
    ]
)


def publish(store: Store, stage: PublishStage, clips: pa.Table) -> dict[str, int]:
    """Publish and store the rows; gives task id by clip."""
    outcome = stage.compute(stage.needs(0), no_media(store))
    assert not outcome.problems
    for row, key in zip(outcome.rows.to_pylist(), outcome.input_keys, strict=True):
        bucket = store.bucket(row["recording_id"])
        keys = pa.array([key])
        store.append(PUBLICATIONS, bucket, PUBLICATIONS.rows([row]), fingerprint=stage.fingerprint, input_keys=keys)
    return dict(zip(outcome.rows["clip_id"].to_pylist(), outcome.rows["task_id"].to_pylist(), strict=True))


def no_media(store: Store) -> Media:
    """A handle over no media at all."""
    return Media(MediaCache(store.objects), MEDIA.empty())
