"""What is said in one recording, wherever the words come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from osmo.schemas.config import SegmentConfig
from osmo.tasks.segment_rows import Line
from osmo.tasks.sentences import Sentence, Word, sentences


@dataclass(frozen=True)
class Said:
    """What is said in a recording.

    Attributes:
        lines: In the order of their source; may be empty.
        language: BCP 47 primary language; null: unknown.
        source: sidecar, or the speech engine with its model.
        note: What was odd or left out, in one line; null: nothing.
        where: File that the note is about.
        remedy: What can be done about it.
    """

    lines: tuple[Line, ...]
    language: str | None
    source: str
    note: str | None
    where: str
    remedy: str


class NothingReadError(RuntimeError):
    """A recording's words could not be had; the unit has no result."""

    def __init__(self, what: str, where: str, remedy: str, *, permanent: bool) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        self.permanent = permanent
        super().__init__(f"{where}: {what}. {remedy}")


def sentences_of(words: Sequence[Word], config: SegmentConfig) -> list[Sentence]:
    """Sentences of timed words under the configuration's pause and length."""
    return sentences(words, pause_s=config.pause_s, max_s=config.max_segment_s)


def lines_of(found: Sequence[Sentence], speaker: str | None, *, timed: bool) -> list[Line]:
    """Lines of sentences that one speaker says; `timed`: their words' times are measured, and are kept."""
    return [
        Line(
            one.start_s,
            one.end_s,
            one.text,
            speaker,
            one.confidence,
            one.no_speech,
            language=one.language,
            words=one.words if timed else (),
            refused=one.refused,
        )
        for one in found
    ]
