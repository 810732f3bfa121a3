"""Acoustic tracker: level, pitch, harmonicity, syllable nuclei and who speaks, every 10 ms of a recording."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import parselmouth
import pyarrow as pa
import scipy

from osmo.storage.media import Media
from osmo.tasks.cues.extractor import MediaUndecodableError
from osmo.tasks.tracks.tracker import Recorded, Spoken
from osmo.tasks.tracks.voice import CONTEXT_FRAMES, HOP, HOP_S, Voice, measure

VERSION = 1
BLOCK_FRAMES = 6_000
SPEAKERS = ("none", "wearer", "other", "unknown", "several")
"""Who speaks in a frame: `several` where the wearer's segment and another speaker's overlap, `other` before `unknown`
where theirs do."""

_FIELDS: list[pa.Field[Any]] = [
    pa.field("time_s", pa.float64(), nullable=False),
    pa.field("level_db", pa.float32(), nullable=False),
    pa.field("pitch_hz", pa.float32()),
    pa.field("harmonicity_db", pa.float32()),
    pa.field("nucleus", pa.bool_(), nullable=False),
    pa.field("speaker", pa.dictionary(pa.int8(), pa.string()), nullable=False),
]
ACOUSTIC_TRACK = pa.schema(_FIELDS)
"""A row a frame: its centre; dB of full scale; pitch and harmonics-to-noise ratio, null where unvoiced; whether it is
a syllable's nucleus; who speaks."""


class AcousticTracker:
    """The tracker of sound."""

    name = "acoustic"
    looks_at: tuple[str, ...] = ("audio",)
    hears_speakers = True
    schema = ACOUSTIC_TRACK

    def __init__(self, block_frames: int = BLOCK_FRAMES) -> None:
        """Make the tracker.

        Args:
            block_frames: Frames measured at once; changes memory and no number.
        """
        self._block_frames = block_frames

    @property
    def revision(self) -> str:
        """Versions of the code, of Praat and of SciPy."""
        return f"{VERSION}+praat-{parselmouth.PRAAT_VERSION}+scipy-{scipy.__version__}"

    def track(self, recorded: Recorded, media: Media) -> Iterator[pa.Table]:
        """Tables of `ACOUSTIC_TRACK`, one a block, to the sound's end.

        Raises:
            MediaUndecodableError: The cached sound is no readable WAV file.
        """
        first = 0
        while True:
            sound, frames = self._piece(recorded.recording_id, first, media)
            if not frames:
                return
            voice = measure(sound, self._block_frames)
            speakers = speakers_of(recorded.spoken, first, frames)
            yield _table(first, frames, voice, speakers)
            if frames < self._block_frames:
                return
            first += frames

    def _piece(self, recording_id: str, first: int, media: Media) -> tuple[npt.NDArray[np.float32], int]:
        """Sound of a block with its context, zeros beyond the recording; and how many of its frames have sound."""
        from_frame = first - CONTEXT_FRAMES
        frames = self._block_frames + 2 * CONTEXT_FRAMES
        try:
            heard = media.audio(recording_id, max(0, from_frame) * HOP_S, (from_frame + frames) * HOP_S)
        except (wave.Error, EOFError, ValueError) as error:
            where = str((media.row(recording_id, "audio") or {}).get("uri"))
            raise MediaUndecodableError(where, str(error) or type(error).__name__) from error
        assert heard is not None, "the stage asks only for recordings with sound"
        sound = np.zeros(frames * HOP, np.float32)
        start = -min(0, from_frame) * HOP
        sound[start : start + heard.size] = heard
        beyond = start + heard.size - CONTEXT_FRAMES * HOP
        return sound, min(self._block_frames, max(0, -(-beyond // HOP)))


def speakers_of(spoken: Sequence[Spoken], first: int, frames: int) -> npt.NDArray[np.int8]:
    """Who speaks in each of some frames, as indices of `SPEAKERS`.

    Args:
        spoken: Segments.
        first: Number of the first frame; frame n lies at n × 10 ms, and in a segment if its centre does.
        frames: How many.
    """
    heard = dict.fromkeys(SPEAKERS, np.zeros(0, np.bool_)) | {
        name: np.zeros(frames, np.bool_) for name in ("wearer", "other", "unknown")
    }
    for one in spoken:
        start, end = (int(np.ceil(round(at_s * 1000) / (1000 * HOP_S))) - first for at_s in (one.start_s, one.end_s))
        if start < frames and end > 0:
            heard[one.speaker][max(0, start) : end] = True
    codes = np.zeros(frames, np.int8)
    codes[heard["unknown"]] = SPEAKERS.index("unknown")
    codes[heard["other"]] = SPEAKERS.index("other")
    codes[heard["wearer"]] = SPEAKERS.index("wearer")
    codes[heard["wearer"] & (heard["other"] | heard["unknown"])] = SPEAKERS.index("several")
    return codes


def _table(first: int, frames: int, voice: Voice, speakers: npt.NDArray[np.int8]) -> pa.Table:
    rounded = (np.round(of[:frames], 2) for of in (voice.level_db, voice.pitch_hz, voice.harmonicity_db))
    columns: list[pa.Array[Any]] = [
        pa.array(np.arange(first, first + frames) / round(1 / HOP_S)),
        *(pa.array(numbers.astype(np.float32), from_pandas=True) for numbers in rounded),
        pa.array(voice.nucleus[:frames]),
        pa.DictionaryArray.from_arrays(pa.array(speakers, pa.int8()), pa.array(SPEAKERS)),
    ]
    return pa.table(columns, schema=ACOUSTIC_TRACK)


def create_tracker() -> AcousticTracker:
    """The tracker of this file."""
    return AcousticTracker()
