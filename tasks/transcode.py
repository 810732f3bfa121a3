"""Makes the cached media of one recording: sound for models, a proxy for people, the eye stream for cues."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import PIL

from osmo.schemas.config import MediaConfig
from osmo.storage.media import MediaCache, write_track
from osmo.tasks.captions import captions
from osmo.tasks.gaze import GAZE
from osmo.tasks.microphones import MICROPHONES, REVISION, microphone_tables
from osmo.tasks.originals import Originals
from osmo.tasks.pictures import frame_rate, picture_size, pictures
from osmo.tasks.proxy import SILENCE_HZ, SOUND_HZ, Samples, Shape, encode
from osmo.tasks.recordings import transcript_files
from osmo.tasks.sidecars import cues_of, gaze_of
from osmo.tasks.sound import silence, sound, write_wav
from osmo.tasks.sound_blocks import several_microphones
from osmo.tasks.source_file import Loss, MediaUnreadableError, SourceFile, Tally

EYE_CRF = 18  # the area of a pupil is measured on its pixels; at 23 its error is twice as large
_EYE_HEIGHT = 480  # larger pictures are scaled down to it; those of Aria have 240 lines
_ASPECT = 16 / 9
LIBRARIES = f"PyAV {av.__version__}, libavcodec {'.'.join(map(str, av.library_versions['libavcodec']))}"

MediaRow = dict[str, object]
Made = tuple[Path, MediaRow]
"""A file in the making and what is to be said of it."""


class NothingToShowError(RuntimeError):
    """A recording of which neither picture nor sound nor transcript can be used."""

    def __init__(self, recording_id: str, losses: Sequence[Loss]) -> None:
        self.recording_id = recording_id
        self.losses = tuple(dict.fromkeys(losses))
        found = "; ".join(loss.what for loss in self.losses) or "it has no video, no audio and no transcript"
        super().__init__(f"{recording_id} has nothing that can be seen, heard or read: {found}")


@dataclass
class Transcoder:
    """Decodes and encodes one recording; what cannot be read of it is left out.

    Attributes:
        row: Its `RECORDINGS` row.
        settings: Sizes, rates and quality.
        cache: Where files go.
        folder: For files in the making and copies of remote ones.
        losses: What could not be read; filled by `rows`.
    """

    row: Mapping[str, object]
    settings: MediaConfig
    cache: MediaCache
    folder: Path
    losses: list[Loss] = field(default_factory=list)

    def rows(self) -> list[MediaRow]:
        """`MEDIA` rows: the proxy; audio, microphones, eye and gaze where there are any.

        Nothing goes into the cache before all is made and no file has changed meanwhile.

        Raises:
            NothingToShowError: There is neither picture nor sound nor transcript.
            OriginalChangedError: A file changed since ingest, or while it was read.
            StoreUnreachableError: A remote file cannot be fetched now.
            VrsUnavailableError: There is a VRS file, and nothing here that reads it.
        """
        originals = Originals(self.folder)
        try:
            made = self._made(originals)
        except NothingToShowError:
            originals.unchanged()
            raise
        originals.unchanged()
        return [self._kept(out, row) for out, row in made]

    def _made(self, originals: Originals) -> list[Made]:
        heard = self._files(originals, "audio")
        audio = self._audio(heard)
        seen = self._files(originals, "video")
        proxy = self._proxy(seen, heard if audio else [], originals)
        eye = self._eye(self._files(originals, "eye"))
        return [*audio, *self._microphones(heard if audio else []), proxy, *eye, *self._gaze(originals)]

    @property
    def _duration_s(self) -> float:
        return float(str(self.row["duration_s"]))

    def _files(self, originals: Originals, stream: str) -> list[SourceFile]:
        listed = self.row[stream]
        return originals.files(listed, self.losses) if isinstance(listed, list) else []

    def _audio(self, files: list[SourceFile]) -> list[Made]:
        if not files:
            return []
        hz, tally, out = self.settings.sample_rate_hz, Tally(), self.folder / "audio.wav"
        samples = round(self._duration_s * hz)
        try:
            write_wav(out, sound(files, rate_hz=hz, samples=samples, tally=tally), rate_hz=hz)
        except MediaUnreadableError as error:
            self.losses.append(Loss(error.where, error.problem))
            return []
        self.losses.extend(tally.losses)
        encoder = f"pcm_s16le; {LIBRARIES}"
        row = {"kind": "audio", "duration_s": samples / hz, "sample_rate_hz": hz, "captioned": False, "silent": False}
        return [self._row(out, {**row, "encoder": encoder}, ["audio"])]

    def _microphones(self, files: list[SourceFile]) -> list[Made]:
        """What several microphones tell of who speaks, by a second pass over the sound: the first one is mono."""
        rate_hz, blocks = several_microphones(files, self._duration_s)
        if blocks is None:
            return []
        out = self.folder / "microphones.parquet"
        write_track(out, microphone_tables(blocks, rate_hz), MICROPHONES)
        return [self._track(out, "microphones", REVISION, ["audio"])]

    def _gaze(self, originals: Originals) -> list[Made]:
        gaze = gaze_of(self.row, originals, self.losses)
        if gaze is None:
            return []
        out = self.folder / "gaze.parquet"
        write_track(out, [gaze], GAZE)
        return [self._track(out, "gaze", "as the owner computed it", ["gaze"])]

    def _track(self, out: Path, kind: str, encoder: str, streams: Sequence[str]) -> Made:
        row = {"kind": kind, "duration_s": self._duration_s, "captioned": False, "silent": False, "encoder": encoder}
        return self._row(out, row, streams)

    def _proxy(self, seen: list[SourceFile], heard: list[SourceFile], originals: Originals) -> Made:
        out, crf = self.folder / "proxy.mp4", self.settings.proxy_crf
        hz = SOUND_HZ if heard else SILENCE_HZ
        shape = self._filmed(seen, heard, hz, out) if seen else None
        captioned = shape is None
        if shape is None:
            cues = cues_of(self.row, originals, self.losses)
            if not cues and not heard:
                raise NothingToShowError(str(self.row["recording_id"]), self.losses)
            high = max(2, self.settings.proxy_height // 2 * 2)
            size = round(high * _ASPECT / 2) * 2, high
            shape = Shape.of(size, self.settings.captions_fps, self._duration_s, hz)
            drawn = captions(cues, fps=shape.fps, count=shape.count, size=size)
            encode(out, shape, drawn, self._samples(heard, shape), crf=crf)
        row = {**described(shape), "kind": "proxy", "captioned": captioned, "silent": not heard}
        drawn_by = f"; captions Pillow {PIL.__version__}" if captioned else ""
        encoder = f"libx264 veryfast crf {crf}, aac mono{drawn_by}; {LIBRARIES}"
        return self._row(out, {**row, "encoder": encoder}, ["video", "audio"])

    def _filmed(self, seen: list[SourceFile], heard: list[SourceFile], hz: int, out: Path) -> Shape | None:
        """The proxy of a recording with video; null where too little of it can be decoded."""
        tally = Tally()
        try:
            size = picture_size(seen, height=self.settings.proxy_height)
            shape = Shape.of(size, self.settings.proxy_fps, self._duration_s, hz)
            shown = pictures(seen, fps=shape.fps, count=shape.count, size=size, tally=tally)
            encode(out, shape, shown, self._samples(heard, shape), crf=self.settings.proxy_crf)
        except MediaUnreadableError as error:
            self.losses.append(Loss(error.where, error.problem))
            return None
        self.losses.extend(tally.losses)
        return shape

    def _samples(self, heard: list[SourceFile], shape: Shape) -> Samples:
        hz = shape.sound_hz or SILENCE_HZ
        if not heard:
            return silence(shape.samples, rate_hz=hz)
        return sound(heard, rate_hz=hz, samples=shape.samples, tally=Tally())  # its losses were counted by the audio

    def _eye(self, files: list[SourceFile]) -> list[Made]:
        """The eye camera at its own frame rate and with its own pixels, whatever people are shown.

        A frame that the camera dropped is the one before once more: its pixels differ by less than 0.1 grey level on
        the mean (at whole seconds, where pictures are coded anew, by less than 2), while two genuine frames of an eye
        differ by more than that through noise alone. A picture that is black throughout is no closed eye: the camera
        gave none for more than `HOLD_S`, or had not begun.
        """
        if not files:
            return []
        out, tally, start_s = self.folder / "eye.mp4", Tally(), max(0.0, files[0].start_s)
        moved = [replace(file, start_s=file.start_s - start_s) for file in files]
        try:
            fps = float(str(self.row["eye_fps"] or frame_rate(moved) or self.settings.proxy_fps))
            size = picture_size(moved, height=_EYE_HEIGHT)
            shape = Shape.of(size, fps, max(0.0, self._eye_end_s() - start_s), None)
            encode(
                out, shape, pictures(moved, fps=shape.fps, count=shape.count, size=size, tally=tally), None, crf=EYE_CRF
            )
        except MediaUnreadableError as error:
            self.losses.append(Loss(error.where, error.problem))
            return []
        self.losses.extend(tally.losses)
        row = {**described(shape), "kind": "eye", "start_s": start_s, "captioned": False, "silent": False}
        return [self._row(out, {**row, "encoder": f"libx264 veryfast crf {EYE_CRF}; {LIBRARIES}"}, ["eye"])]

    def _eye_end_s(self) -> float:
        """Where the eye camera stopped: beyond it black pictures would read as a closed eye."""
        listed = self.row["eye"]
        ends = [_end_s(entry) for entry in listed] if isinstance(listed, list) else []
        known = [end for end in ends if end is not None]
        return min(self._duration_s, max(known)) if known and len(known) == len(ends) else self._duration_s

    def _row(self, out: Path, values: Mapping[str, object], streams: Sequence[str]) -> Made:
        source = {"recording_id": self.row["recording_id"], "source_sha256": _source_sha256(self.row, streams)}
        return out, {**source, "start_s": 0.0, **values}

    def _kept(self, out: Path, row: MediaRow) -> MediaRow:
        cached = self.cache.put(out)
        out.unlink()
        return row | {"uri": cached.uri, "sha256": cached.sha256, "bytes": cached.bytes}


def described(shape: Shape) -> MediaRow:
    """The `MEDIA` columns that say what an MP4 holds."""
    return {
        "duration_s": shape.duration_s,
        "fps": float(shape.fps),
        "width": shape.width,
        "height": shape.height,
        "sample_rate_hz": shape.sound_hz,
    }


def _end_s(entry: Mapping[str, float | None]) -> float | None:
    start_s, duration_s = entry["start_s"], entry["duration_s"]
    return None if start_s is None or duration_s is None else start_s + duration_s


def _source_sha256(row: Mapping[str, object], streams: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(_hashes(row, streams)).encode()).hexdigest()


def _hashes(row: Mapping[str, object], streams: Sequence[str]) -> Iterator[str]:
    for stream in streams:
        listed = row[stream]
        yield from (str(entry["sha256"]) for entry in listed) if isinstance(listed, list) else ()
    if "video" in streams and row["video"] is None:
        yield from (str(file["sha256"]) for file in transcript_files(row))
