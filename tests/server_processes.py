"""Servers as processes of their own, for tests: on a free port, awaited, ended with the block."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], health: str, log: Path, *, environment: Mapping[str, str], within_s: float
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that answers 200 at `health`; what it prints goes to `log`.

    Args:
        command: Executable and arguments.
        health: Address that is asked until it answers.
        log: File of its output.
        environment: Variables beside this process's.
        within_s: How long it may take to answer.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment})
    try:
        _wait(health, process, log, within_s)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(health: str, process: subprocess.Popen[bytes], log: Path, within_s: float) -> None:
    until = time.monotonic() + within_s
    while True:
        try:
            if httpx.get(health, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        ended = process.poll()
        if ended is not None or time.monotonic() > until:
            state = f"ended with {ended}" if ended is not None else f"does not answer after {within_s:g} s"
            raise RuntimeError(f"The server {state}:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)
