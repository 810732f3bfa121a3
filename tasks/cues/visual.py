"""Visual cue: how the camera and what it sees move, light and scene changes, against the minute before the event.

Numbers are medians over stretches of 2 s, of the event as of the minute before. A difference is said where it is at
least twice the spread of the earlier stretches. The track sees neither faces nor things, and the cue says so.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osmo.storage.media import Media
from osmo.tasks.cues.compared import Compared
from osmo.tasks.cues.description import Description, phrases_sha
from osmo.tasks.cues.extractor import Cue, MediaKind, Modality, Span
from osmo.tasks.cues.usual import FEWEST_STRETCHES

VERSION = 2
BASELINE_S = 60.0
STRETCH_S = 2.0
FEWEST_SAMPLES = 2
"""A stretch of fewer samples is not measured."""

MEASURES = {
    "motion": ("% of the width/s", 2.0),
    "residual": ("% of the width/s", 1.0),
    "brightness": ("grey levels", 5.0),
    "contrast": ("grey levels", 5.0),
}
"""Unit of each measure, and the spread below which differences between stretches count for nothing."""


@dataclass(frozen=True)
class _Stretch:
    """Means over the samples of a stretch that are not black; NaN where there is none."""

    motion: float
    residual: float
    brightness: float
    contrast: float


class Visual:
    """The extractor of visual cues."""

    name = "visual"
    modality: Modality = "visual"
    kind: MediaKind = "visual_track"

    @property
    def revision(self) -> str:
        """Code version and phrases."""
        return f"{VERSION}+{phrases_sha('visual')}"

    def extract(self, spans: Sequence[Span], media: Media) -> list[Cue]:
        """One cue per span, in order.

        Raises:
            MediaDamagedError: The track fails its checksums.
        """
        return [_cue(span, media, self.kind) for span in spans]


def _cue(span: Span, media: Media, kind: MediaKind) -> Cue:
    if not media.has(span.recording_id, "proxy"):
        return Cue.absent("recording has no video")
    track = media.track(span.recording_id, kind, span.start_s - BASELINE_S, span.end_s)
    if track is None:
        return Cue.absent("the recording's video has not been measured")
    seen = {name: track[name].to_numpy().astype(np.float64) for name in track.column_names}
    during = seen["time_s"] >= span.start_s
    here, before = ({name: of[inside] for name, of in seen.items()} for inside in (during, ~during))
    if here["time_s"].size < FEWEST_SAMPLES:
        return Cue.absent("recording has no video within the event's times")
    return _describe(span, here, before)


Samples = dict[str, npt.NDArray[np.float64]]


def _describe(span: Span, here: Samples, before: Samples) -> Cue:
    said = Description("visual", span.language)
    stretches, earlier = _stretches(here, span.start_s, span.end_s), _baseline(before, span.start_s)
    compared = len(earlier) >= FEWEST_STRETCHES
    if compared:
        said.measure("baseline", len(earlier) * STRETCH_S, "s", digits=1)
    for name, (unit, least) in MEASURES.items():
        now, then = ([getattr(one, name) for one in some] for some in (stretches, earlier))
        Compared(name, unit, least, now, then).say(said)
    said.measure("cuts", here["cut"].sum(), "scene changes")
    said.say("cuts" if here["cut"].any() else "no_cuts")
    if compared:
        said.measure("cuts_before", before["cut"].sum(), "scene changes")
        said.say("cuts_before")
    if here["black"].any():
        said.measure("black", 100 * here["black"].mean(), "%")
        said.say("black")
    said.say("baseline" if compared else "no_baseline")
    said.say("unnamed")
    full = len(earlier) * STRETCH_S / BASELINE_S if compared else 0.0
    return said.cue(confidence=round(0.5 + 0.5 * full, 2))


def _baseline(before: Samples, start_s: float) -> list[_Stretch]:
    """Whole stretches of the minute before, counted back from the event, that show something."""
    count = int(BASELINE_S / STRETCH_S)
    found = [_stretch(before, start_s - (n + 1) * STRETCH_S, start_s - n * STRETCH_S) for n in range(count)]
    return [one for one in reversed(found) if one is not None and np.isfinite(one.brightness)]


def _stretches(samples: Samples, start_s: float, end_s: float) -> list[_Stretch]:
    """Equal stretches of an event, at least 2 s long each or one shorter one."""
    edges = np.linspace(start_s, end_s, max(1, int((end_s - start_s) / STRETCH_S)) + 1)
    found = [_stretch(samples, float(a), float(b)) for a, b in itertools.pairwise(edges)]
    return [one for one in found if one is not None]


def _stretch(samples: Samples, start_s: float, end_s: float) -> _Stretch | None:
    inside = (samples["time_s"] >= start_s - 1e-9) & (samples["time_s"] < end_s - 1e-9)
    if inside.sum() < FEWEST_SAMPLES:
        return None
    lit = inside & (samples["black"] == 0)
    motion = np.hypot(samples["camera_right"], samples["camera_down"])
    measured = (motion, samples["residual"], samples["brightness"], samples["contrast"])
    return _Stretch(*(_mean(numbers[lit]) for numbers in measured))


def _mean(numbers: npt.NDArray[np.float64]) -> float:
    known = numbers[np.isfinite(numbers)]
    return float(known.mean()) if known.size else float("nan")


def create_extractor() -> Visual:
    """The extractor of this file."""
    return Visual()
