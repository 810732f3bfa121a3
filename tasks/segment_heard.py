"""What is said in one recording by its sound: the sentences that a speech engine hears in its speech."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from osmo.schemas.config import SegmentConfig
from osmo.storage.media import Media
from osmo.tasks.engines.engine import EngineUnavailableError, Passage
from osmo.tasks.engines.registry import engine
from osmo.tasks.quarantine import checked_sentence, checked_words
from osmo.tasks.said import NothingReadError, Said, lines_of, sentences_of
from osmo.tasks.segment_rows import Line
from osmo.tasks.segment_units import Unit
from osmo.tasks.speech import Sound, speech


def heard_lines(unit: Unit, config: SegmentConfig, media: Media) -> Said:
    """Sentences that the configured engine hears where there is speech; what it invented is among them, refused.

    Raises:
        NothingReadError: The engine's model is not at hand.
    """

    def hear(start_s: float, end_s: float) -> Sound:
        sound = media.audio(unit.recording_id, start_s, end_s)
        return np.zeros(0, np.float32) if sound is None else sound

    where = f"audio of {unit.recording_id}"
    remedy = "Nothing is to be done where nobody speaks; otherwise put a transcript beside the recording."
    ears = engine(config.engine)
    source = f"{ears.name}:{ears.model(config)}"
    stretches = speech(hear, unit.heard_s or 0.0, threshold=config.vad_threshold, pause_s=config.pause_s)
    if not stretches:
        return Said((), unit.language, source, "no speech was found", where, remedy)
    try:
        passages = ears.listen(hear, stretches, language=unit.language, settings=config)
    except EngineUnavailableError as error:
        what = f"speech engine {error.engine}, model {error.model!r}: {error.problem}"
        raise NothingReadError(what, where, error.remedy, permanent=False) from error
    lines = _lines(passages, config)
    return Said(lines, _language(passages) or unit.language, source, _note(lines), where, remedy)


def _lines(passages: Sequence[Passage], config: SegmentConfig) -> tuple[Line, ...]:
    words = [word for passage in passages for word in checked_words(passage, config)]
    found = sentences_of(words, config)
    lines = lines_of(found, None, timed=True)
    return tuple(
        replace(line, refused=checked_sentence(sentence, config)) for line, sentence in zip(lines, found, strict=True)
    )


def _language(passages: Sequence[Passage]) -> str | None:
    """The language of most of the speech; of equal ones the first by its code; null: nothing was heard."""
    seconds: dict[str, float] = {}
    for one in passages:
        seconds[one.language] = seconds.get(one.language, 0.0) + one.end_s - one.start_s
    return max(sorted(seconds), key=lambda code: seconds[code], default=None)


def _note(lines: Sequence[Line]) -> str | None:
    refused = [line.refused for line in lines if line.refused is not None]
    if not refused:
        return None
    kinds = Counter(reason.partition(":")[0] for reason in refused)
    why = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"{len(refused)} of {len(lines)} sentences quarantined: {why}"
