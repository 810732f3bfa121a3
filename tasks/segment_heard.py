"""What is said in one recording by its sound: the sentences that Whisper hears in its speech."""

from __future__ import annotations

import numpy as np

from osmo.schemas.config import SegmentConfig
from osmo.storage.media import Media
from osmo.tasks.said import NothingReadError, Said, lines_of, sentences_of
from osmo.tasks.segment_units import Unit
from osmo.tasks.speech import Sound, speech
from osmo.tasks.whisper_asr import WhisperUnavailableError, model_identity, transcribe


def heard_lines(unit: Unit, config: SegmentConfig, media: Media) -> Said:
    """Sentences that Whisper hears where there is speech; what it takes for silence itself is left out and counted.

    Raises:
        NothingReadError: Whisper's model is not at hand.
    """

    def hear(start_s: float, end_s: float) -> Sound:
        sound = media.audio(unit.recording_id, start_s, end_s)
        return np.zeros(0, np.float32) if sound is None else sound

    where = f"audio of {unit.recording_id}"
    source = f"whisper:{model_identity(config.whisper_model)}"
    remedy = "Nothing is to be done where nobody speaks; otherwise put a transcript beside the recording."
    stretches = speech(hear, unit.heard_s or 0.0, threshold=config.vad_threshold, pause_s=config.pause_s)
    if not stretches:
        return Said((), unit.language, source, "no speech was found", where, remedy)
    try:
        heard = transcribe(hear, stretches, language=unit.language, settings=config)
    except WhisperUnavailableError as error:
        what = f"Whisper model {error.model!r}: {error.problem}"
        raise NothingReadError(what, where, error.remedy, permanent=False) from error
    found = sentences_of(heard.words, config)
    kept = [one for one in found if (one.no_speech or 0.0) <= config.no_speech_threshold]
    note = None if len(kept) == len(found) else f"{len(found) - len(kept)} of {len(found)} sentences refused as silence"
    return Said(tuple(lines_of(kept, None, timed=True)), heard.language, source, note, where, remedy)
