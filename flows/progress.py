"""Where running stages tell how far they are: the command line listens, a worker does not."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Someone who shows progress."""

    def stage(self, name: str, buckets: int) -> None:
        """A stage begins, with so many buckets to do."""
        ...

    def units(self, name: str, bucket: int, done: int, total: int) -> None:
        """So many input rows of a bucket are done."""
        ...

    def paused(self, name: str, why: str) -> None:
        """A stage cannot go on now: what it asks is gone."""
        ...

    def finished(self, name: str) -> None:
        """A stage ended."""
        ...


class _Nobody:
    def stage(self, name: str, buckets: int) -> None: ...

    def units(self, name: str, bucket: int, done: int, total: int) -> None: ...

    def paused(self, name: str, why: str) -> None: ...

    def finished(self, name: str) -> None: ...


_listeners: list[Listener] = [_Nobody()]


def listener() -> Listener:
    """Who listens now."""
    return _listeners[-1]


def listen(to: Listener) -> None:
    """Let someone listen to every stage of this process from now on."""
    _listeners.append(to)
