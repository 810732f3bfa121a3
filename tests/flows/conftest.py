"""A small source of recordings, a temporary Prefect server, and the osmo command in a home of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from prefect.testing.utilities import prefect_test_harness


# Loaded by path: with importlib mode no folder of tests is importable by name.
def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_small_project = _load("small_project")
Project, new_project = _small_project.Project, _small_project.new_project


@pytest.fixture
def project(tmp_path: Path) -> Any:
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
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
            env=lonely,
            cwd=cwd or lonely["OSMO_HOME"],
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def osmo_here(
    lonely_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, str]]:
    """Run `osmo ARGUMENTS` in this process, for commands that run no flow; gives what it printed, and on which."""
    from osmo.flows import cli

    monkeypatch.setenv("OSMO_HOME", str(lonely_home))

    def run(*arguments: str | Path, code: int = 0) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["osmo", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        assert (end.value.code or 0) == code, f"{arguments}: {end.value.code}\n{printed.out}\n{printed.err}"
        return printed.out, printed.err

    return run
