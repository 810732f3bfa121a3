"""Ocular cue: plain pixel measures of the eye camera, against the wearer's own earlier frames.

No action unit is named, since none is identified: dark pixels mix pupil, lashes and the lid's shadow; a jump in
brightness is what a blink looks like, and also what a slipping camera looks like.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from osmo.storage.media import Media
from osmo.tasks.cues.description import Description, phrases_sha
from osmo.tasks.cues.extractor import Cue, MediaKind, Modality, Span
from osmo.tasks.cues.frames import Trace
from osmo.tasks.cues.windows import Windows, cues_by_recording

VERSION = 1
FPS = 10.0
"""A blink lasts 0.1–0.4 s: slower sampling would miss most."""
LEAST_JUMP, TIMES_USUAL = 2.0, 4.0
"""A sample jumps where mean brightness differs from the sample before by at least 2 grey levels (of 255) and by 4 times
what is usual for this eye camera and wearer: the median over the earlier samples, else over the event's own."""


class Ocular:
    """The extractor of ocular cues."""

    name = "ocular"
    modality: Modality = "ocular"
    kind: MediaKind = "eye"

    @property
    def revision(self) -> str:
        """Code version and phrases."""
        return f"{VERSION}+{phrases_sha()}"

    def extract(self, spans: Sequence[Span], media: Media) -> list[Cue]:
        """One cue per span, in order.

        Raises:
            MediaUndecodableError: The cached eye video cannot be decoded.
        """
        return cues_by_recording(
            spans, media, kind=self.kind, fps=FPS, absent="recording has no eye video", describe=_describe
        )


def _describe(span: Span, seen: Windows) -> Cue:
    said = Description("ocular", span.language)
    least = _least_jump(seen.before or seen.event)
    for trace, suffix in ((seen.event, ""), (seen.before, "_before")):
        if trace is not None:
            said.measure(f"dark{suffix}", trace.dark.mean() * 100, "%", digits=1)
            said.measure(f"motion{suffix}", trace.change[1:].mean(), "grey levels", digits=1)
            said.measure(f"jumps{suffix}", _jumps(trace, least) * 100, "%", digits=1)
    for phrase in ("dark", "motion", "jumps"):
        said.say(phrase)
    if seen.before is None:
        said.say("no_baseline")
    else:
        said.measure("baseline", seen.baseline_s, "s", digits=1)
        said.say("baseline")
    said.say("brows")
    return said.cue(confidence=0.5 if seen.before is None else 1.0)


def _least_jump(usual: Trace) -> float:
    """Difference of brightness, in grey levels, from which a sample counts as a jump."""
    return max(LEAST_JUMP, TIMES_USUAL * float(np.median(np.abs(np.diff(usual.brightness)))))


def _jumps(trace: Trace, least: float) -> float:
    """Share of samples whose brightness jumped from the one before."""
    return float((np.abs(np.diff(trace.brightness)) >= least).mean())


def create_extractor() -> Ocular:
    """The extractor of this file."""
    return Ocular()
