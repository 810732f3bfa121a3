"""The file of coefficients: whole, sourced, and shown in the documents as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from osmo.annotators.lmm import affectgpt, desta, emotion_llama, qwen2_audio
from osmo.annotators.lmm.traits import VoterTraits
from osmo.tasks.coefficients import ROLES, Coefficients, coefficient_file, coefficient_table

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("role", ROLES)
def test_a_name_that_stands_nowhere_gets_the_default(role: str) -> None:
    known = coefficient_file()
    assert known.of(role, "nobody") == getattr(known, role)["default"]  # type: ignore[arg-type]


def test_an_annotator_gets_its_own() -> None:
    assert coefficient_file().of("voter", "qwen2_audio").audio_per_s.value == 25


@pytest.mark.parametrize(
    "traits", [emotion_llama.TRAITS, affectgpt.TRAITS, desta.TRAITS, qwen2_audio.TRAITS], ids=lambda one: one.name
)
def test_a_voter_is_given_what_its_file_says(traits: VoterTraits) -> None:
    asked = coefficient_file().of("voter", traits.name)
    assert asked != coefficient_file().of("voter", "nobody")
    assert asked.needs == (traits.needs[0] if traits.needs else "any")
    fps, most = (traits.pictures.fps, traits.pictures.most) if traits.pictures else (0, 0)
    assert (asked.frames_per_s.value, asked.frames_most.value) == (fps, most)


def test_every_coefficient_says_where_it_comes_from() -> None:
    known = coefficient_file()
    for role in ROLES:
        for name, one in getattr(known, role).items():
            for field in Coefficients.model_fields:
                value = getattr(one, field)
                if not isinstance(value, str) and value.how == "measured":
                    assert value.source.startswith("benchmarks/coefficients.py: "), (role, name, field)


def test_the_documents_show_the_file_as_it_is() -> None:
    assert coefficient_table() in (REPOSITORY / "docs" / "cost.md").read_text("utf-8")
