"""How much there is to ask a model about: calls, seconds of sound, pictures and characters, over whole columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from osmo.tasks.coefficients import Coefficients

MARGIN_S = 0.5
"""Pictures before and after a stretch that go with it, together."""


@dataclass(frozen=True)
class Work:
    """What is asked.

    Attributes:
        calls: Questions.
        audio_s: Seconds of sound that go with them.
        frames: Pictures that go with them.
        chars_en: Characters of what was said, in English and whatever is not Mandarin.
        chars_zh: Characters of what was said in Mandarin.
    """

    calls: float = 0.0
    audio_s: float = 0.0
    frames: float = 0.0
    chars_en: float = 0.0
    chars_zh: float = 0.0

    def __add__(self, more: Work) -> Work:
        """Both together."""
        return Work(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(more).values(), strict=True)))

    def times(self, factor: float) -> Work:
        """So many times this."""
        return Work(*(value * factor for value in vars(self).values()))

    def of_calls(self, calls: float, otherwise: Work) -> Work:
        """As this is on average, for so many calls; `otherwise` is one call where this has none."""
        return (otherwise if self.calls == 0 else self.times(1 / self.calls)).times(calls)


@dataclass(frozen=True)
class Recorded:
    """Which recordings have genuine sound and pictures."""

    heard: pa.Array[Any]
    seen: pa.Array[Any]

    @classmethod
    def of(cls, media: pa.Table) -> Recorded:
        """From `MEDIA` rows of whole recordings."""
        kind, silent, captioned = media["kind"], media["silent"], media["captioned"]
        heard = media.filter(pc.and_(pc.equal(kind, pa.scalar("audio")), pc.invert(silent)))
        seen = media.filter(pc.and_(pc.equal(kind, pa.scalar("proxy")), pc.invert(captioned)))
        return cls(heard["recording_id"].combine_chunks(), seen["recording_id"].combine_chunks())


def work_of(rows: pa.Table, asked: Coefficients, recorded: Recorded) -> Work:
    """What asking one annotator about some rows comes to.

    Args:
        rows: What its stage needs: recording_id; start_s and end_s, text and language where it has them.
        asked: What it is given, and without which media it is not asked.
        recorded: What the recordings have.
    """
    if rows.num_rows == 0:
        return Work()
    heard = _holds(pc.is_in(rows["recording_id"], value_set=recorded.heard))
    seen = _holds(pc.is_in(rows["recording_id"], value_set=recorded.seen))
    everyone = np.ones(rows.num_rows, np.bool_)
    calls = {"nothing": everyone, "audio": heard, "video": seen, "any": heard | seen}[asked.needs]
    work = Work(calls=float(calls.sum()))
    if {"start_s", "end_s"} <= set(rows.column_names):
        duration_s = _numbers(pc.subtract(rows["end_s"], rows["start_s"]))
        work += _media(duration_s, asked, calls & heard, calls & seen)
    if "text" in rows.column_names:
        chars = _numbers(pc.utf8_length(rows["text"]))
        mandarin = _holds(pc.equal(rows["language"], pa.scalar("zh")))
        work += Work(chars_en=float(chars[calls & ~mandarin].sum()), chars_zh=float(chars[calls & mandarin].sum()))
    return work


def one_call(asked: Coefficients, *, duration_s: float, chars: float) -> Work:
    """A call about a stretch with sound and pictures, in English."""
    once = np.ones(1, np.bool_)
    media = _media(np.array([duration_s]), asked, once, once)
    return Work(calls=1.0, chars_en=chars) + media


def _media(
    duration_s: npt.NDArray[np.float64], asked: Coefficients, heard: npt.NDArray[np.bool_], seen: npt.NDArray[np.bool_]
) -> Work:
    longest = asked.longest_audio_s.value
    audio_s = np.minimum(duration_s, longest)[heard].sum() if longest else 0.0
    frames = np.minimum(asked.frames_most.value, (duration_s + MARGIN_S) * asked.frames_per_s.value)[seen].sum()
    return Work(audio_s=float(audio_s), frames=float(frames))


def _numbers(column: pa.ChunkedArray[Any] | pa.Array[Any]) -> npt.NDArray[np.float64]:
    return np.nan_to_num(np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64))


def _holds(column: pa.ChunkedArray[Any] | pa.Array[Any]) -> npt.NDArray[np.bool_]:
    return np.asarray(column.fill_null(pa.scalar(False)).to_numpy(zero_copy_only=False), np.bool_)
