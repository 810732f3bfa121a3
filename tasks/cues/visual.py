"""Visual cue: how much the wearer's picture moves, how bright it is and how often it changes at once.

A plain pixel measure of the labelling proxy. It sees neither faces nor things, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from osmo.storage.media import Media
from osmo.tasks.cues.description import Description, phrases_sha
from osmo.tasks.cues.extractor import Cue, MediaKind, Modality, Span
from osmo.tasks.cues.frames import Trace
from osmo.tasks.cues.windows import Windows, cues_by_recording

VERSION = 1
FPS = 5.0
CUT = 40.0
"""Mean change in grey levels (of 255) between samples from which the whole picture counts as changed."""


class Visual:
    """The extractor of visual cues."""

    name = "visual"
    modality: Modality = "visual"
    kind: MediaKind = "proxy"

    @property
    def revision(self) -> str:
        """Code version and phrases."""
        return f"{VERSION}+{phrases_sha()}"

    def extract(self, spans: Sequence[Span], media: Media) -> list[Cue]:
        """One cue per span, in order.

        Raises:
            MediaUndecodableError: The cached video cannot be decoded.
        """
        return cues_by_recording(
            spans, media, kind=self.kind, fps=FPS, absent="recording has no video", describe=_describe
        )


def _describe(span: Span, seen: Windows) -> Cue:
    said = Description("visual", span.language)
    for trace, suffix in ((seen.event, ""), (seen.before, "_before")):
        if trace is not None:
            said.measure(f"motion{suffix}", trace.change[1:].mean(), "grey levels", digits=1)
            said.measure(f"brightness{suffix}", trace.brightness.mean(), "grey levels", digits=1)
            said.measure(f"cuts{suffix}", _cuts(trace), "samples")
    for phrase in ("motion", "brightness", "cuts"):
        said.say(phrase)
    if seen.before is None:
        said.say("no_baseline")
    else:
        said.measure("baseline", seen.baseline_s, "s", digits=1)
        said.say("baseline")
    said.say("unnamed")
    return said.cue(confidence=0.5 if seen.before is None else 1.0)


def _cuts(trace: Trace) -> int:
    return int((trace.change[1:] >= CUT).sum())


def create_extractor() -> Visual:
    """The extractor of this file."""
    return Visual()
