"""Annotators are found by their files' names, and who is not there is said with what is."""

import subprocess
import sys

import pytest

from osmo.annotators import registry
from osmo.schemas.endpoints import Endpoint, MissingEndpointError, Models
from osmo.schemas.extensions import UnknownExtensionError

EMBEDDED = {"lexicon", "dialogue", "valence", "prosody"}
LARGE = {"emotion_llama", "affectgpt", "desta", "qwen2_audio"}
CAPTIONING = {"qwen2_5_vl", "qwen2_5_omni", "qwen2_audio"}
EVERYWHERE = Models(
    {name: Endpoint(url="http://127.0.0.1:9", model="m", revision="0" * 40) for name in LARGE | CAPTIONING | {"llama3"}}
)


def test_every_voter_is_called_as_its_file() -> None:
    assert set(registry.VOTERS.names()) >= EMBEDDED | LARGE
    assert [registry.voter(name, EVERYWHERE).name for name in registry.VOTERS.names()] == registry.VOTERS.names()


def test_every_describer_is_called_as_its_file() -> None:
    names = registry.DESCRIBERS.names()
    assert set(names) >= CAPTIONING
    assert [registry.describer(name, EVERYWHERE).name for name in names] == names


def test_judges_and_writers_are_found_in_one_folder() -> None:
    for find, point in ((registry.judge, registry.JUDGES), (registry.writer, registry.WRITERS)):
        assert [find(name, EVERYWHERE).name for name in point.names()] == point.names()
    assert registry.judge("rubric").name == "rubric"
    assert registry.writer("composer").name == "composer"


@pytest.mark.parametrize("name", sorted(LARGE))
def test_a_large_model_that_is_not_configured_is_refused(name: str) -> None:
    with pytest.raises(MissingEndpointError, match=rf"models\.{name} has no section"):
        registry.voter(name)


@pytest.mark.parametrize(
    ("find", "name", "says"),
    [
        (registry.voter, "lexikon", "No voter 'lexikon'. Did you mean 'lexicon'?"),
        (registry.voter, "decision", "No voter 'decision'."),
        (registry.voter, "given", "No voter 'given'."),
        (registry.voter, "qwen2_5_vl", "No voter 'qwen2_5_vl'."),
        (registry.describer, "desta", "No describer 'desta'."),
        (registry.judge, "composer", "No judge 'composer'."),
        (registry.writer, "rubric", "No writer 'rubric'."),
        (registry.voter, "../llm/rubric", "No voter '../llm/rubric'."),
    ],
    ids=["misspelt", "no-annotator", "a-part", "a-describer", "a-voter", "other-kind", "the-other-way", "a-path"],
)
def test_an_unknown_name_is_refused(find: object, name: str, says: str) -> None:
    assert callable(find)
    with pytest.raises(UnknownExtensionError) as refused:
        find(name)
    assert str(refused.value).startswith(says)


def test_only_the_annotator_that_is_asked_for_is_imported() -> None:
    code = (
        "import sys; from osmo.annotators import registry; registry.voter('lexicon');"
        "sys.exit(any(name in sys.modules for name in ('osmo.annotators.embedded.prosody', 'parselmouth')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
