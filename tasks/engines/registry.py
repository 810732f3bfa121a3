"""Finds speech engines by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

import functools
from typing import cast

from osmo.schemas.config import SegmentConfig
from osmo.schemas.extensions import ExtensionPoint
from osmo.tasks.engines.engine import Engine

ENGINES = ExtensionPoint("speech engine", ("osmo.tasks.engines",), "create_engine")


@functools.cache
def engine(name: str) -> Engine:
    """The engine of tasks/engines/<name>.py.

    Raises:
        UnknownExtensionError: There is none.
    """
    return cast(Engine, ENGINES.create(name))


def hearing(config: SegmentConfig) -> list[str | float | None]:
    """What the segments of a heard recording depend on beside its sound and what is known of it.

    `batch_size` is not among it: an answer does not depend on its batch.
    """
    return [
        config.engine, engine(config.engine).identity(config), config.whisper_sample_len, config.vad_threshold,
        config.no_speech_threshold, config.compression_ratio_max, config.logprob_min, config.language_switch,
        config.chars_per_s_max, config.words_per_s_max,
    ]  # fmt: skip
