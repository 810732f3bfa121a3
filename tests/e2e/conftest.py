"""The osmo command as a user runs it: a process of its own, real servers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

Osmo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def osmo(label_studio: Any, label_studio_environment: Path) -> Iterator[Osmo]:
    """Run `osmo ARGUMENTS` against the running servers; fails where the exit code is not the expected one."""
    environment = os.environ | {
        "OSMO_HOME": str(label_studio.home),
        "OSMO_LABEL_STUDIO_ENV": str(label_studio_environment),
        "COLUMNS": "160",
    }

    def run(
        *arguments: str, code: int = 0, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "osmo.flows", *arguments]
        aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            cwd=cwd,
            env=environment | aws | dict(env or {}),
        )
        assert done.returncode == code, f"osmo {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    yield run
