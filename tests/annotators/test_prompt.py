"""Prompts: files with a hash, whose slots never look at what fills them."""

import hashlib
from importlib.resources import files

import pytest

from osmo.annotators.prompt import Prompt, prompt

NAMES = sorted(
    place.name.removesuffix(".txt")
    for place in files("osmo.annotators").joinpath("prompts").iterdir()
    if place.name.endswith(".txt")
)


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_is_its_file(name: str) -> None:
    content = files("osmo.annotators").joinpath("prompts", f"{name}.txt").read_bytes()
    found = prompt(name)
    assert found.sha == hashlib.sha256(content).hexdigest()[:16]
    assert found.user
    assert "\n---\n" not in found.user


def test_what_fills_a_slot_is_not_filled_again() -> None:
    asked = Prompt("p", "", "He said $text to $whom.", "sha")
    assert asked.fill(text="$whom ${whom}", whom="me") == "He said $whom ${whom} to me."


def test_a_slot_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError):
        Prompt("p", "", "$text", "sha").fill()
