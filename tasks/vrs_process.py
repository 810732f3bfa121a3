"""Talks with the process that reads a VRS file, and outlives it when it dies of a damaged one."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from osmo.tasks.vrs_worker import HEADER

_SILENT_S = 600  # indexing a large file that has no index takes minutes
_LARGEST_BYTES = 1 << 30
_PIPE_BYTES = 1 << 20
_WORKER = "osmo.tasks.vrs_worker"

Message = tuple[dict[str, Any], bytes]


class VrsWorkerError(RuntimeError):
    """The reading process died, fell silent, or said that it cannot go on; `problem` says it in one line."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


def messages(path: Path, *command: str, log: list[str] | None = None) -> Generator[Message, None, None]:
    """What a reading process says, in bounded memory; it ends when the generator is closed.

    Args:
        path: The VRS file.
        command: See `tasks/vrs_worker.py`.
        log: Takes the lines that the VRS library logged.

    Raises:
        VrsWorkerError: It did not come to its end.
    """
    with tempfile.TemporaryFile() as errors:
        call = [sys.executable, "-m", _WORKER, os.fspath(path.absolute()), *command]
        silenced = subprocess.DEVNULL if log is None else errors
        with subprocess.Popen(
            call, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=silenced, pipesize=_PIPE_BYTES
        ) as worker:
            try:
                yield from _until_end(worker)
            finally:
                worker.kill()
                worker.wait()
                if log is not None:
                    errors.seek(0)
                    log += errors.read(_PIPE_BYTES).decode(errors="replace").splitlines()


def _until_end(worker: subprocess.Popen[bytes]) -> Generator[Message, None, None]:
    assert worker.stdout is not None
    pipe = worker.stdout.fileno()
    heard = select.poll()
    heard.register(pipe, select.POLLIN)
    while True:
        text, data = HEADER.unpack(_exactly(worker, pipe, heard, HEADER.size))
        if max(text, data) > _LARGEST_BYTES:
            raise VrsWorkerError(f"a record of {max(text, data)} bytes, more than can be true")
        said = json.loads(_exactly(worker, pipe, heard, text))
        if said.get("end"):
            return
        if (error := said.get("error")) is not None:
            raise VrsWorkerError(f"it cannot be read as VRS: {error}")
        yield said, _exactly(worker, pipe, heard, data)


def _exactly(worker: subprocess.Popen[bytes], pipe: int, heard: select.poll, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        if not heard.poll(_SILENT_S * 1000):
            raise VrsWorkerError(f"the VRS library fell silent for {_SILENT_S} s while it was read")
        part = os.read(pipe, min(size, _PIPE_BYTES))
        if not part:
            raise VrsWorkerError(_death(worker.wait()))
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _death(code: int) -> str:
    how = f"signal {-code}" if code < 0 else f"exit status {code}"
    return f"it is damaged: the VRS library crashed on it ({how})"
