"""Cues that a model describes: makes a describer of annotators/lmm/ an extractor."""

from __future__ import annotations

from collections.abc import Sequence

from osmo.annotators.answer import Unanswered
from osmo.annotators.describer import Describer, Description, Stretch
from osmo.storage.media import Media
from osmo.tasks.cues.extractor import Cue, MediaKind, Modality, Span, Told


class Described:
    """The extractor whose cues a describer writes. A description has no evidence and no confidence of its own."""

    def __init__(self, describer: Describer) -> None:
        self._describer = describer

    @property
    def name(self) -> str:
        """The describer's name."""
        return self._describer.name

    @property
    def revision(self) -> str:
        """The describer's revision and the hash of its prompt."""
        return f"{self._describer.revision}+{self._describer.prompt_sha}"

    @property
    def modality(self) -> Modality:
        """What the describer looks at or listens to."""
        return self._describer.describes

    @property
    def kind(self) -> MediaKind:
        """The proxy, or the sound."""
        return "proxy" if self._describer.describes == "visual" else "audio"

    def extract(self, spans: Sequence[Span], media: Media) -> list[Cue | Unanswered]:
        """One cue per span, in order; media that cannot be decoded are an absent modality."""
        stretches = [Stretch(span.recording_id, span.start_s, span.end_s, span.language) for span in spans]
        return [self._cue(told) for told in self._describer.describe(stretches, media)]

    def _cue(self, told: Description | Unanswered) -> Cue | Unanswered:
        if isinstance(told, Unanswered):
            return told
        one = self._describer
        asked = Told(told.raw_text, one.revision, one.prompt_sha, told.usage)
        return Cue(told.text, told.absent_reason, (), None, asked)
