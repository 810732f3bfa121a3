"""The contract of trackers: a recording's cached media in, numbers over its whole time out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from osmo.storage.media import Media


@dataclass(frozen=True)
class Spoken:
    """Who speaks when: a segment without its text. A tracker never sees what was voted or labelled.

    Attributes:
        start_s: Start, seconds from the recording's start.
        end_s: End, seconds from the recording's start.
        speaker: wearer, other or unknown.
    """

    start_s: float
    end_s: float
    speaker: str


@dataclass(frozen=True)
class Recorded:
    """One recording to measure.

    Attributes:
        recording_id: The recording.
        duration_s: Its length in seconds.
        eye_fps: The eye camera's own frame rate in Hz; null: unknown, or there is none.
        spoken: Its segments in order of time; empty where the tracker does not ask for them.
    """

    recording_id: str
    duration_s: float
    eye_fps: float | None
    spoken: tuple[Spoken, ...]


class Tracker(Protocol):
    """Someone who measures one modality. Its file is tasks/tracks/<name>.py, with `create_tracker`."""

    @property
    def name(self) -> str:
        """The file's name; its track is of the kind <name>_track."""
        ...

    @property
    def revision(self) -> str:
        """What its numbers depend on beside the media: code version, parameters and library versions."""
        ...

    @property
    def looks_at(self) -> tuple[str, ...]:
        """Kinds of cached media; the first one is needed, the others are used where they are there."""
        ...

    @property
    def hears_speakers(self) -> bool:
        """Whether it is told who speaks when."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """Of its rows: `time_s` (float64, seconds from the recording's start, rising) and its numbers."""
        ...

    def track(self, recorded: Recorded, media: Media) -> Iterator[pa.Table]:
        """Tables of `schema`, some minutes each, in order of time and in bounded memory.

        Raises:
            MediaUndecodableError: The media is there and cannot be decoded.
        """
        ...
