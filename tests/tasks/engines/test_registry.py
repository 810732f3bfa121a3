"""Engines by name, and what their segments depend on."""

from __future__ import annotations

from pathlib import Path

import pytest

from osmo.schemas.config import OsmoConfig, SegmentConfig
from osmo.schemas.extensions import UnknownExtensionError
from osmo.tasks.engines.registry import ENGINES, engine, hearing
from osmo.tasks.names import check_names


def test_both_engines_are_found_by_their_files() -> None:
    assert ENGINES.names() == ["faster_whisper", "whisper"]
    assert [engine(name).name for name in ENGINES.names()] == ["faster_whisper", "whisper"]


def test_a_misspelt_engine_is_answered_with_the_right_one_before_anything_runs() -> None:
    config = OsmoConfig.model_construct(segment=SegmentConfig(engine="wisper"))
    with pytest.raises(UnknownExtensionError, match=r"No speech engine 'wisper'. Did you mean 'whisper'"):
        check_names(config)


@pytest.mark.parametrize(
    ("change", "matters"),
    [
        ({"engine": "faster_whisper"}, True),
        ({"whisper_model": "tiny"}, True),
        ({"whisper_sample_len": 7}, True),
        ({"no_speech_threshold": 0.5}, True),
        ({"compression_ratio_max": 3.0}, True),
        ({"logprob_min": -2.0}, True),
        ({"language_switch": 0.5}, True),
        ({"chars_per_s_max": 30.0}, True),
        ({"words_per_s_max": 12.0}, True),
        ({"vad_threshold": 0.4}, True),
        ({"batch_size": 1}, False),
        ({"compute_type": "int8"}, False),
        ({"dialogue_turns": 1}, False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_it_changes_with_what_changes_an_answer_and_with_nothing_else(change: dict[str, object], matters: bool) -> None:
    base = SegmentConfig()
    assert (hearing(base) != hearing(base.model_copy(update=change))) == matters


def test_the_compute_type_matters_to_the_engine_that_has_one() -> None:
    base = SegmentConfig(engine="faster_whisper")
    assert hearing(base) != hearing(base.model_copy(update={"compute_type": "int8"}))


def test_another_content_at_the_same_path_is_another_model(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    seen = []
    for content in (b"one", b"other"):
        path.write_bytes(content)
        seen.append(hearing(SegmentConfig(whisper_model=str(path))))
    assert seen[0] != seen[1]
