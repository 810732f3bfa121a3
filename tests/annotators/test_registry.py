"""Annotators are found by their files' names, and who is not there is said with what is."""

import subprocess
import sys

import pytest

from osmo.annotators import registry
from osmo.schemas.extensions import UnknownExtensionError


def test_every_voter_is_called_as_its_file() -> None:
    assert {"lexicon", "dialogue", "valence", "prosody"} <= set(registry.VOTERS.names())
    assert [registry.voter(name).name for name in registry.VOTERS.names()] == registry.VOTERS.names()


def test_judges_and_writers_are_found_in_one_folder() -> None:
    assert registry.judge("rubric").name == "rubric"
    assert registry.writer("composer").name == "composer"


@pytest.mark.parametrize(
    ("find", "name", "says"),
    [
        (registry.voter, "lexikon", "No voter 'lexikon'. Did you mean 'lexicon'?"),
        (registry.voter, "decision", "No voter 'decision'."),
        (registry.judge, "composer", "No judge 'composer'. Available: llama3, rubric"),
        (registry.writer, "rubric", "No writer 'rubric'. Available: composer"),
        (registry.voter, "../llm/rubric", "No voter '../llm/rubric'."),
    ],
    ids=["misspelt", "no-annotator", "other-kind", "the-other-way", "a-path"],
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
