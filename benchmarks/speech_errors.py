"""Word error rate in English and character error rate in Mandarin of both engines, where real weights are at hand."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.engine import EngineUnavailableError
from osmo.tasks.engines.registry import ENGINES, engine
from osmo.tasks.quarantine import checked_words
from osmo.tasks.speech import SAMPLE_RATE_HZ, Sound, speech

LANGUAGES = {"en": "word error rate, English", "zh": "character error rate, Mandarin"}


def error_rates(model: str | None, corpora: Path, read: Callable[[Path], Sound]) -> dict[str, object]:
    """Notes: rates by engine and language, or why there are none.

    English is normalised as Whisper's authors do it (numbers, contractions, fillers), Mandarin loses marks and spaces.
    What was quarantined counts as not heard.
    """
    if model is None:
        return {"Error rates": "not measured: give real weights with --whisper-model PATH"}
    if not corpora.is_dir():
        return {"Error rates": "not measured: ../shared/corpora is absent"}
    notes: dict[str, object] = {}
    for name in ENGINES.names():
        settings = SegmentConfig(engine=name, whisper_model=model)
        for language, what in LANGUAGES.items():
            try:
                notes[f"{what}, by {name}"] = _rate(settings, language, corpora / f"speech_{language}", read)
            except EngineUnavailableError as error:
                notes[f"{what}, by {name}"] = f"not measured: {error}"
    return notes


def _rate(settings: SegmentConfig, language: str, folder: Path, read: Callable[[Path], Sound]) -> str:
    import jiwer

    with (folder / "transcripts.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if len(row) >= 2]
    expected = [_plain(row[1], language) for row in rows]
    heard = [_plain(_words(settings, language, read(folder / row[0])), language) for row in rows]
    measure = jiwer.wer if language == "en" else jiwer.cer
    return f"{measure(expected, heard):.3f} over {len(rows)} utterances"


def _words(settings: SegmentConfig, language: str, sound: Sound) -> str:
    def hear(start_s: float, end_s: float) -> Sound:
        return sound[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]

    length_s = len(sound) / SAMPLE_RATE_HZ
    stretches = speech(hear, length_s, threshold=settings.vad_threshold, pause_s=settings.pause_s)
    passages = engine(settings.engine).listen(hear, stretches, language=language, settings=settings)
    words = [word for passage in passages for word in checked_words(passage, settings)]
    return "".join(word.text for word in words if word.refused is None)


def _plain(text: str, language: str) -> str:
    if language == "en":
        return str(EnglishTextNormalizer()(text))
    return re.sub(r"\s+", "", str(BasicTextNormalizer()(text)))
