"""Sidecars for tests: the real process, on a free port, until it says that it is healthy.

weights = tiny_weights(tmp_path / "weights", keywords={"wonderful": "joy"}, reply="list")
with sidecar("tiny", weights) as server:
    server.url, server.revision            # http://127.0.0.1:…, sha256:… of the weights
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from server_processes import free_port, running

KEYWORDS = {"wonderful": "joy", "terrible": "sadness", "scared": "fear", "太好了": "joy", "难过": "sadness"}


@dataclass(frozen=True)
class Sidecar:
    """A running sidecar."""

    url: str
    revision: str
    model: str
    process: subprocess.Popen[bytes] = field(repr=False)
    log: Path = field(repr=False)

    def said(self) -> str:
        """What it logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def tiny_weights(folder: Path, **fields: object) -> Path:
    """Write tiny.json, with `KEYWORDS` where no keywords are given; the folder. Its fields: backends/tiny.py."""
    folder.mkdir(parents=True, exist_ok=True)
    fields.setdefault("keywords", KEYWORDS)
    (folder / "tiny.json").write_text(json.dumps(fields, ensure_ascii=False), encoding="utf-8")
    return folder


@contextmanager
def sidecar(
    backend: str,
    weights: Path,
    revision: str | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
    healthy_within_s: float = 60.0,
    **options: object,
) -> Iterator[Sidecar]:
    """A sidecar, healthy; ended when the block ends.

    Args:
        backend: Its backend's name.
        weights: Folder of its weights.
        revision: What it says that it serves; null: the hash of its weights.
        settings: Settings of its backend (`--set`).
        environment: Variables beside this process's.
        port: Where; null: a free one.
        healthy_within_s: How long it may take.
        **options: Further options: max_batch=4 is --max-batch 4.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "osmo.annotators.servers.sidecar", "--backend", backend]
    command += ["--weights", str(weights), "--port", str(port)]
    command += ["--revision", revision] if revision is not None else []
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    for name, setting in (settings or {}).items():
        command += ["--set", f"{name}={setting}"]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="sidecar-log-") as folder:
        log = Path(folder) / "log"
        given = environment or {}
        with running(command, f"{url}/health", log, environment=given, within_s=healthy_within_s) as process:
            key = given.get("OSMO_SIDECAR_KEY")
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            info = httpx.get(f"{url}/v1/info", headers=headers).json()
            yield Sidecar(url, info["revision"], info["model_id"], process, log)
