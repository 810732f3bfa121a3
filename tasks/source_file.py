"""What decoders share: a source file on the recording's clock, what was lost of it, what its pictures are like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

USABLE_S = 1.0
"""Of a damaged stream at least so many seconds must be readable for it to be used."""


@dataclass(frozen=True)
class SourceFile:
    """A local media file.

    Attributes:
        path: Where it lies.
        start_s: Where it starts on the recording's clock, seconds.
        name: What messages call it; empty: its path.
        stream: The stream that is meant in a file of several, such as 214-1 of a VRS file; null: the first of its kind.
    """

    path: Path
    start_s: float = 0.0
    name: str = ""
    stream: str | None = None

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.name or str(self.path)


class MediaUnreadableError(RuntimeError):
    """A stream of which less than a second can be decoded."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where}: {problem}. Replace the file by a whole copy and ingest again.")


@dataclass(frozen=True)
class Loss:
    """What could not be read of a file: the file and one line."""

    where: str
    what: str


@dataclass
class Tally:
    """What a decoding gave and what it lost.

    Attributes:
        decoded_s: Seconds decoded.
        losses: Of files that could not be read to their end, or at all.
    """

    decoded_s: float = 0.0
    losses: list[Loss] = field(default_factory=list)

    def require(self, kind: str, files: Sequence[SourceFile]) -> None:
        """Refuse a stream that holds nothing, or was damaged to less than `USABLE_S`.

        Raises:
            MediaUnreadableError: It is so.
        """
        if self.decoded_s == 0 or (self.losses and self.decoded_s < USABLE_S):
            where = self.losses[0].where if self.losses else files[0].label
            found = self.losses[0].what if self.losses else "nothing in it can be decoded"
            more = f" (and {len(self.losses) - 1} more files)" if len(self.losses) > 1 else ""
            raise MediaUnreadableError(where, f"no usable {kind}: {found}{more}")


@dataclass(frozen=True)
class PictureShape:
    """What the pictures of a file are like, upright.

    Attributes:
        width: Pixels.
        height: Pixels.
        aspect: Width by height as it is to be shown.
        fps: Mean frame rate in Hz; null: the file does not say.
    """

    width: int
    height: int
    aspect: Fraction
    fps: float | None
