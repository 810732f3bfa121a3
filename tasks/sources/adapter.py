"""The contract of dataset adapters: where recordings lie in, one checked recording or its problems out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from osmo.schemas.keys import content_key


@dataclass(frozen=True)
class Listed:
    """One recording as a listing shows it, before anything is opened.

    Attributes:
        name: What stands for the recording until its id is known (the folder's name).
        uri: Its folder or object: an absolute path, or an object-store address.
        root: The source that it was listed in.
        key: Change key, from names, sizes and modification times or entity tags: an unchanged recording keeps it.
    """

    name: str
    uri: str
    root: str
    key: str


@dataclass(frozen=True)
class MediaFile:
    """One file of a stream, in seconds of the recording's clock; a null duration is unknown."""

    uri: str
    sha256: str
    bytes: int
    start_s: float
    duration_s: float | None

    @property
    def end_s(self) -> float | None:
        """Where it ends; null: unknown."""
        return None if self.duration_s is None else self.start_s + self.duration_s


@dataclass(frozen=True)
class Stream:
    """One modality: its files in order, or why there are none."""

    files: tuple[MediaFile, ...] = ()
    reason: str | None = None

    def __post_init__(self) -> None:
        assert bool(self.files) != bool(self.reason), "a stream has files or a reason"


@dataclass(frozen=True)
class Sidecar:
    """One file beside the media (labels): its address and hash, or why there is none."""

    uri: str | None = None
    sha256: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class SidecarFile:
    """One file of timed text or numbers.

    Attributes:
        uri: Where it lies.
        sha256: Its hash.
        bytes: Its size.
        start_s: Where its zero lies on the recording's clock, seconds; may be negative.
        format: How it is read: a format of `osmo.tasks.transcripts`, the name of an adapter that defines `read_cues`,
            or a format of `osmo.tasks.gaze`.
    """

    uri: str
    sha256: str
    bytes: int
    start_s: float
    format: str


@dataclass(frozen=True)
class Sidecars:
    """Files of timed text or numbers in order of time, or why there are none."""

    files: tuple[SidecarFile, ...] = ()
    reason: str | None = None

    def __post_init__(self) -> None:
        assert bool(self.files) != bool(self.reason), "sidecars are files or a reason"


NO_GAZE = Sidecars(reason="the owner gives no gaze")


@dataclass(frozen=True)
class Recording:
    """One recording as its adapter read it; the meaning of each field is that of the `RECORDINGS` column."""

    recording_id: str
    dataset: str
    subject_id: str | None
    subject_reason: str | None
    session_group: str | None
    language: str | None
    started_at: datetime | None
    duration_s: float
    video: Stream
    audio: Stream
    eye: Stream
    eye_fps: float | None
    transcript: Sidecars
    labels: Sidecar
    time_domain: str
    synthetic: bool
    metadata: str
    gaze: Sidecars = NO_GAZE

    @property
    def recording_key(self) -> str:
        """Content key of all of it; where it lies plays no part, so that a moved tree computes nothing anew."""
        streams: list[str | float | None] = []
        for name, stream in (("video", self.video), ("audio", self.audio), ("eye", self.eye)):
            streams += [name, stream.reason]
            for file in stream.files:
                streams += [file.sha256, file.start_s, file.duration_s]
        for name, sidecars in (("transcript", self.transcript), ("gaze", self.gaze)):
            streams += [name, sidecars.reason]
            for beside in sidecars.files:
                streams += [beside.sha256, beside.start_s, beside.format]
        return content_key(
            "recording", self.recording_id, self.dataset, self.subject_id, self.subject_reason, self.session_group,
            self.language, self.started_at.isoformat() if self.started_at else None, self.duration_s, *streams,
            self.eye_fps, self.labels.sha256, self.time_domain, self.synthetic, self.metadata,
        )  # fmt: skip

    def row(self, *, adapter: str, source_uri: str) -> dict[str, object]:
        """The row of `RECORDINGS`."""
        row: dict[str, object] = {
            name: getattr(self, name)
            for name in (
                "recording_id", "dataset", "subject_id", "subject_reason", "session_group", "language", "started_at",
                "duration_s", "eye_fps", "time_domain", "synthetic", "metadata", "recording_key",
            )
        }  # fmt: skip
        for name, stream in (("video", self.video), ("audio", self.audio), ("eye", self.eye)):
            row[name] = [vars(file) for file in stream.files] or None
            row[f"{name}_reason"] = stream.reason
        for name, sidecars in (("transcript", self.transcript), ("gaze", self.gaze)):
            row[name] = [vars(file) for file in sidecars.files] or None
            row[f"{name}_reason"] = sidecars.reason
        row["labels_uri"] = self.labels.uri
        row["labels_sha256"] = self.labels.sha256
        return {**row, "source": adapter, "source_uri": source_uri}


@dataclass(frozen=True)
class Flaw:
    """Something wrong with a recording, or with a part of it that is left out.

    Attributes:
        what: What happened, in one line.
        where: The file.
        remedy: What to do about it.
        passing: Whether the same files may read well another time (the place was out of reach).
    """

    what: str
    where: str
    remedy: str
    passing: bool = False


@dataclass(frozen=True)
class Reading:
    """What reading gave: a recording with the flaws of its parts, or no recording and why."""

    recording: Recording | None
    flaws: tuple[Flaw, ...] = field(default=())

    def __post_init__(self) -> None:
        assert self.recording is not None or self.flaws, "what is not read has its reason"


class Adapter(Protocol):
    """Someone who reads one dataset's layout. Its file is tasks/sources/<name>.py."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def version(self) -> int:
        """Rises when the same files would be read differently: everything is then read anew."""
        ...

    def list(self, root: str) -> Iterator[Listed]:
        """Recordings below `root`, by path, one at a time, opening none.

        Raises:
            SourceUnreachableError: The place cannot be listed, or holds no recordings.
        """
        ...

    def read(self, listed: Listed) -> Reading:
        """One recording; hashes its files and asks the media how long they are."""
        ...
