"""A small source of recordings, and the osmo command as a process of its own with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness

LINES = (
    "start_s,end_s,speaker,text\n"
    '0.5,2.5,Ann,"I am so happy, this is wonderful!"\n'
    '3.0,5.0,Ben,"Great, congratulations!"\n'
    '6.0,9.0,Ann,"I love it, what a delightful surprise!"\n'
)


@dataclass(frozen=True)
class Project:
    """Recordings, a configuration over them, and the store that it names."""

    folder: Path
    config: Path

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    def add(self, name: str, transcript: str = LINES) -> None:
        """A recording that has a transcript and neither sound nor picture."""
        place = self.recordings / name
        place.mkdir(parents=True)
        (place / "transcript.csv").write_text(transcript, encoding="utf-8")
        facts = {
            "recording_id": name, "dataset": "test", "subject_id": "Ann", "language": "en",
            "started_at": "2026-01-02T03:04:05+00:00", "duration_s": 12.0, "transcript": "transcript.csv",
        }  # fmt: skip
        (place / "recording.json").write_text(json.dumps(facts), encoding="utf-8")


def new_project(folder: Path, *, recordings: int, buckets: int = 2) -> Project:
    config = folder / "osmo.toml"
    config.write_text(
        '[[sources]]\nadapter = "folder"\npath = "recordings"\n'
        f'[store]\nuri = "store"\nbuckets = {buckets}\n[media]\nproxy_height = 64\ncaptions_fps = 1.0\n',
        encoding="utf-8",
    )
    project = Project(folder, config)
    for number in range(recordings):
        project.add(f"rec-{number}")
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four recordings in two buckets."""
    return new_project(tmp_path, recordings=4)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A temporary Prefect server for flows that a test calls."""
    with prefect_test_harness(server_startup_timeout=120):
        yield


Osmo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def lonely_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of OSMO in which no server was started."""
    return tmp_path_factory.mktemp("lonely")


@pytest.fixture(scope="session")
def lonely(lonely_home: Path) -> dict[str, str]:
    """The environment of a user who has no servers, in a terminal of 80 columns."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "OSMO_"))}
    return kept | {
        "OSMO_HOME": str(lonely_home), "PREFECT_HOME": str(lonely_home / "prefect"), "COLUMNS": "80",
        "OMP_NUM_THREADS": "1", "NO_COLOR": "1",
    }  # fmt: skip


@pytest.fixture(scope="session")
def osmo(lonely: dict[str, str]) -> Osmo:
    """Run `osmo ARGUMENTS`; fails where the exit code is not the expected one, or a traceback shows."""

    def run(*arguments: str | Path, code: int = 0, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "osmo.flows", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=180, env=lonely, cwd=cwd or lonely["OSMO_HOME"]
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
