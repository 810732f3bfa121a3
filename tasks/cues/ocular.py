"""Ocular cue: lids, pupils and gaze in the eye camera's pictures, against the wearer's own minute before the event.

Evidence of an action unit bears its name (AU45). What the frame rate cannot resolve and what no eye camera sees, the
cue says. Every frame is held against earlier frames only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from osmo.storage.media import Media
from osmo.tasks.cues.compared import Compared
from osmo.tasks.cues.description import Description, phrases_sha
from osmo.tasks.cues.extractor import Cue, MediaKind, Modality, Span
from osmo.tasks.eyes.closures import Closures, closures
from osmo.tasks.eyes.columns import OcularTrack
from osmo.tasks.eyes.dilation import dilation
from osmo.tasks.eyes.earlier import WINDOW_S
from osmo.tasks.eyes.ellipse import Floats
from osmo.tasks.eyes.frame_rate import COUNTS_BLINKS_HZ, TIMES_BLINKS_HZ, frame_rate
from osmo.tasks.eyes.looks import Looks, looks, pixel_looks
from osmo.tasks.eyes.opening import LIDS_KNOWN, Opening, opening
from osmo.tasks.eyes.owner_gaze import agreement

VERSION = 2
BASELINE_S = 60.0
FEWEST_FRAMES = 2
FEWEST_BEFORE_S = 5.0
"""Known lids before the event without which nothing is called usual."""
STRETCH_S = 2.0
LEAST_TOLD = 0.5
"""Share of the event's frames of which a unit must be known, for its share to be said."""
LEAST_CHANGE = {"opening": 4.0, "pupil": 4.0}
"""Spread in percent below which differences count for nothing: what the measures themselves are off by."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Seen:
    """The track from two minutes before an event to its end, and what follows from it."""

    track: OcularTrack
    during: Flags
    before: Flags
    opening: Opening
    closures: Closures
    looks: Looks
    fps: float

    @classmethod
    def of(cls, track: OcularTrack, span: Span) -> _Seen:
        opened = opening(track)
        closed = closures(track.times_s, opened.left, opened.right, one_eye=track.one_eye)
        during = track.times_s >= span.start_s
        before = ~during & (track.times_s >= span.start_s - BASELINE_S)
        return cls(track, during, before, opened, closed, looks(track), frame_rate(track.times_s, track.repeated))

    def known_s(self, of: Flags) -> float:
        """Seconds of some frames whose lids are known against the usual."""
        interval_s = float(np.median(np.diff(self.track.times_s))) if len(self.track) > 1 else 0.0
        return float((np.isfinite(self.opening.mean) & of).sum()) * interval_s


class Ocular:
    """The extractor of ocular cues."""

    name = "ocular"
    modality: Modality = "ocular"
    kind: MediaKind = "ocular_track"

    @property
    def revision(self) -> str:
        """Code version and phrases."""
        return f"{VERSION}+{phrases_sha('ocular')}"

    def extract(self, spans: Sequence[Span], media: Media) -> list[Cue]:
        """One cue per span, in order.

        Raises:
            MediaDamagedError: The track fails its checksums.
        """
        return [_cue(span, media, self.kind) for span in spans]


def _cue(span: Span, media: Media, kind: MediaKind) -> Cue:
    if not media.has(span.recording_id, "eye"):
        return Cue.absent("recording has no eye video")
    table = media.track(span.recording_id, kind, span.start_s - BASELINE_S - WINDOW_S, span.end_s)
    if table is None:
        return Cue.absent("the recording's eye video has not been measured")
    track = OcularTrack.of(table)
    during = track.times_s >= span.start_s
    if during.sum() < FEWEST_FRAMES:
        return Cue.absent("recording has no eye video within the event's times")
    if track.black[during].all():
        return Cue.absent("the eye camera shows nothing within the event's times")
    seen = _Seen.of(track, span)
    sure = _confidence(track)[during]
    if (sure >= LIDS_KNOWN).mean() < LEAST_TOLD / 2 and not (seen.looks.told & during).any():
        return Cue.absent("neither lids nor pupil could be told in the eye camera's pictures within the event's times")
    return _describe(span, seen, float(sure.mean()))


def _confidence(track: OcularTrack) -> Floats:
    """How sure the lids are, per frame: of the surer eye."""
    both = (np.nan_to_num(eye.lid_confidence) for eye in (track.left, track.right))
    return np.maximum(*both)


def _describe(span: Span, seen: _Seen, sure: float) -> Cue:
    said = Description("ocular", span.language)
    known_s = min(BASELINE_S, seen.known_s(seen.before))
    compared = known_s >= FEWEST_BEFORE_S
    said.measure("fps", seen.fps, "Hz", digits=1)
    if compared:
        said.measure("baseline", known_s, "s", digits=1)
    _say_blinks(said, seen, compared=compared)
    _say_lids(said, seen)
    dilated = dilation(seen.track)
    for name, values in (("opening", 100 * seen.opening.mean), ("pupil", 100 * dilated)):
        here, then = (_stretches(seen.track.times_s, values, inside) for inside in (seen.during, seen.before))
        Compared(name, "% of the usual", LEAST_CHANGE[name], here, then, digits=0, change_unit="points").say(said)
    _say_gaze(said, seen)
    if seen.track.one_eye:
        said.say("one_eye")
    said.say("baseline" if compared else "no_baseline")
    said.say("brows")
    full = known_s / BASELINE_S if compared else 0.0
    return said.cue(confidence=round(min(1.0, sure) * (0.5 + 0.5 * full), 2))


def _say_blinks(said: Description, seen: _Seen, *, compared: bool) -> None:
    """Blinks (AU45), long closures (AU43) and winks (AU46)."""
    if seen.fps < COUNTS_BLINKS_HZ:
        said.say("blinks_unresolved")
        return
    known_s = seen.known_s(seen.during)
    if known_s <= 0:
        said.say("lids_unknown")
        return
    blinks = said.measure("AU45", seen.closures.blink[seen.during].sum(), "blinks")
    said.measure("AU45_rate", 60 * blinks / known_s, "blinks/min", digits=1)
    said.say("blinks" if seen.fps >= TIMES_BLINKS_HZ else "blinks_at_least")
    if compared:
        before = seen.closures.blink[seen.before].sum()
        said.measure("AU45_rate_before", 60 * before / seen.known_s(seen.before), "blinks/min", digits=1)
        said.say("blinks_before")
    if seen.closures.closed[seen.during].any():
        said.measure("AU43", 100 * seen.closures.closed[seen.during].mean(), "% of frames")
        said.say("closed")
    if seen.closures.wink[seen.during].any():
        said.measure("AU46", seen.closures.wink[seen.during].sum(), "winks")
        said.say("winks")


def _say_lids(said: Description, seen: _Seen) -> None:
    """Raised upper lids (AU5) and tightened lids (AU6/7)."""
    told = seen.opening.told & seen.during
    if told.sum() < LEAST_TOLD * seen.during.sum():
        said.say("lids_untold")
        return
    raised = said.measure("AU5", 100 * seen.opening.raised[told].mean(), "% of frames")
    tight = said.measure("AU6_7", 100 * seen.opening.tight[told].mean(), "% of frames")
    said.say("lids" if raised or tight else "lids_as_usual")


def _say_gaze(said: Description, seen: _Seen) -> None:
    """Gaze to the left (AU61), right (AU62), up (AU63) and down (AU64)."""
    told = seen.looks.told & seen.during
    if told.sum() < LEAST_TOLD * seen.during.sum():
        said.say("gaze_untold")
        return
    for name, flags in seen.looks.units().items():
        said.measure(name, 100 * flags[told].mean(), "% of frames")
    owner = bool(seen.looks.owner[told].mean() >= LEAST_TOLD)
    said.say("gaze_owner" if owner else "gaze_pixels")
    alike = agreement(pixel_looks(seen.track).left_deg, seen.track.mps_left_deg, ~seen.during) if owner else None
    if alike is not None:
        said.measure("gaze_difference", alike.difference_deg, "degrees", digits=1)
        if np.isfinite(alike.correlation):
            said.measure("gaze_correlation", alike.correlation, "correlation", digits=2)
        said.say("gaze_agrees")


def _stretches(times_s: Floats, values: Floats, inside: Flags) -> list[float]:
    """Medians of stretches of two seconds that have known values."""
    known = inside & np.isfinite(values)
    if not known.any():
        return []
    number = ((times_s[known] - times_s[inside][0]) / STRETCH_S).astype(int)
    return [float(np.median(values[known][number == n])) for n in np.unique(number)]


def create_extractor() -> Ocular:
    """The extractor of this file."""
    return Ocular()
