"""Streams of a recording that lie in VRS files, on one clock, as the adapters of Project Aria's datasets read them."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from osmo.tasks.sources.adapter import Flaw, MediaFile, Stream
from osmo.tasks.sources.places import exists, fetched
from osmo.tasks.streams import with_stream
from osmo.tasks.vrs import STREAMS, VrsFile, VrsStream, VrsUnreadableError, open_vrs
from osmo.tasks.vrs_clock import VrsClock

KINDS = ("video", "audio", "eye")


@dataclass(frozen=True)
class VrsParts:
    """What VRS files hold of one recording.

    Attributes:
        video: First-person pictures, or why there are none.
        audio: Microphones, or why there are none.
        eye: Both eye cameras, or why there are none.
        zero_s: Time on the device's clock at which the recording begins: the earliest of its streams; null: none.
        duration_s: To the last stream's end; null: there is none.
        eye_fps: As measured from the frames' times, Hz; null: not measured.
        tags: What the recorder noted of the files.
        clock: Of the file of the earliest stream that has a mapping to other clocks; null: no file can be read.
        damaged: Files of which a part is used.
        absent: Streams that are not there.
    """

    video: Stream
    audio: Stream
    eye: Stream
    zero_s: float | None
    duration_s: float | None
    eye_fps: float | None
    tags: Mapping[str, str]
    clock: VrsClock | None
    damaged: tuple[Flaw, ...]
    absent: tuple[Flaw, ...]


@dataclass
class _Opened:
    """One file that was looked at."""

    sha256: str
    size: int
    streams: Mapping[str, VrsStream]
    tags: Mapping[str, str]
    clock: VrsClock


@dataclass
class VrsReader:
    """Looks at the VRS files of one recording, each once."""

    damaged: list[Flaw] = field(default_factory=list)
    absent: list[Flaw] = field(default_factory=list)
    _opened: dict[str, _Opened | str] = field(default_factory=dict)

    def read(self, places: Mapping[str, Sequence[str]]) -> VrsParts:
        """Streams from the first place that has them.

        Args:
            places: For video, audio and eye: addresses of files in which the stream may lie, the likeliest first.

        Raises:
            SourceUnreachableError: A place cannot be read now.
            FileChangingError: A file changed while it was read.
            VrsUnavailableError: The package that reads VRS is not installed.
        """
        found = {kind: self._find(kind, dict.fromkeys(places[kind])) for kind in KINDS}
        zero_s = min((one[1].start_s for one in found.values() if not isinstance(one, str)), default=None)
        ends = [one[1].end_s for one in found.values() if not isinstance(one, str)]
        streams = {kind: self._stream(kind, one, zero_s or 0.0) for kind, one in found.items()}
        eye = found["eye"]
        files = [one for one in self._opened.values() if isinstance(one, _Opened)]
        clocks = sorted(files, key=lambda one: not one.clock.domains)
        return VrsParts(
            **streams,
            zero_s=zero_s,
            duration_s=max(ends) - zero_s if zero_s is not None else None,
            eye_fps=None if isinstance(eye, str) else eye[1].fps,
            tags={name: value for one in reversed(files) for name, value in one.tags.items()},
            clock=clocks[0].clock if clocks else None,
            damaged=tuple(self.damaged),
            absent=tuple(self.absent),
        )

    def _find(self, kind: str, places: Iterable[str]) -> tuple[str, VrsStream] | str:
        """The address and the stream, or why there is none."""
        reasons = []
        for uri in places:
            opened = self._open(uri)
            if isinstance(opened, str):
                reasons.append(opened)
            elif (stream := opened.streams.get(STREAMS[kind])) is None:
                reasons.append(f"{posixpath.basename(uri)} has no stream {STREAMS[kind]}")
            elif not math.isfinite(stream.start_s) or not stream.start_s <= stream.end_s < math.inf:
                reasons.append(f"{posixpath.basename(uri)}: the times of its stream {STREAMS[kind]} are none")
            else:
                return uri, stream
        return "; ".join(dict.fromkeys(reasons))

    def _open(self, uri: str) -> _Opened | str:
        if uri not in self._opened:
            self._opened[uri] = self._look(uri)
        return self._opened[uri]

    def _look(self, uri: str) -> _Opened | str:
        name = posixpath.basename(uri)
        if not exists(uri):
            return f"{name} is missing"
        try:
            with fetched(uri) as file, open_vrs(file.path) as vrs:
                if vrs.lost:
                    remedy = "Replace the file by a whole copy and ingest again, or leave it so."
                    self.damaged.append(Flaw(f"{name}: {vrs.lost}; the rest is used", uri, remedy))
                return _Opened(file.sha256, file.bytes, vrs.streams, vrs.tags, self._clock(vrs, name, uri))
        except FileNotFoundError:
            return f"{name} is missing"
        except VrsUnreadableError as error:
            return f"{name}: {error.problem}"

    def _clock(self, vrs: VrsFile, name: str, uri: str) -> VrsClock:
        """Its clock; of a file whose pictures can be read and whose other clocks cannot, the device's own alone."""
        try:
            return vrs.clock
        except VrsUnreadableError as error:
            remedy = "Replace the file by a whole copy and ingest again, or leave it so."
            what = f"{name}: its time code cannot be read ({error.problem}); the rest is used"
            self.damaged.append(Flaw(what, uri, remedy))
            return VrsClock({})

    def _stream(self, kind: str, found: tuple[str, VrsStream] | str, zero_s: float) -> Stream:
        if isinstance(found, str):
            remedy = "Put the file right and ingest again, or leave it so."
            place = next(iter(self._opened), "")
            self.absent.append(Flaw(f"{kind} is left out: {found}", posixpath.dirname(place), remedy))
            return Stream(reason=found)
        uri, stream = found
        opened = self._opened[uri]
        assert isinstance(opened, _Opened)
        start_s, length_s = stream.start_s - zero_s, stream.end_s - stream.start_s
        address = with_stream(uri, stream.stream_id)
        return Stream((MediaFile(address, opened.sha256, opened.size, round(start_s, 6), round(length_s, 6)),))
