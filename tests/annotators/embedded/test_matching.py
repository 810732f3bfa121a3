"""Evidence: what negation, intensifiers, person, question and repetition do to a term."""

from __future__ import annotations

import pytest

from osmo.annotators.embedded.lexicons import Language
from osmo.annotators.embedded.matching import lexicon, lexicon_for


def scores(text: str, language: Language = "en") -> dict[str, float]:
    return lexicon(language).read(text).scores()


@pytest.mark.parametrize(
    ("text", "language", "labels"),
    [
        ("I'm happy.", "en", {"joy"}),
        ("I'm not happy.", "en", {"sadness"}),
        ("I don't feel very happy.", "en", {"sadness"}),
        ("I'm not afraid.", "en", set()),
        ("No, I'm happy.", "en", {"joy"}),
        ("Don't worry.", "en", set()),
        ("Good morning.", "en", set()),
        ("Get out of here!", "en", {"anger"}),
        ("Ewww, gross!", "en", {"disgust"}),
        ("Oh my God!", "en", {"surprise"}),
        ("The train leaves at nine.", "en", set()),
        ("我很开心。", "zh", {"joy"}),
        ("我不开心。", "zh", {"sadness"}),
        ("我一点也不快乐。", "zh", {"sadness"}),
        ("我不害怕。", "zh", set()),
        ("别担心。", "zh", set()),
        ("今天天气怎么样？", "zh", set()),
        ("气死我了！", "zh", {"anger"}),
        ("太恶心了。", "zh", {"disgust"}),
        ("我的天哪！", "zh", {"surprise"}),
        ("我好担心，很害怕。", "zh", {"fear"}),
    ],
)
def test_labels_found(text: str, language: Language, labels: set[str]) -> None:
    assert set(scores(text, language)) == labels


@pytest.mark.parametrize(
    ("weaker", "stronger", "label", "language"),
    [
        ("I am sad.", "I am very sad.", "sadness", "en"),
        ("I am slightly sad.", "I am sad.", "sadness", "en"),
        ("I am sad.", "I am sad!", "sadness", "en"),
        ("She is sad.", "I am sad.", "sadness", "en"),
        ("Are you sad?", "I am sad.", "sadness", "en"),
        ("I was sad.", "I am sad.", "sadness", "en"),
        ("I am sad.", "I am sad, sad.", "sadness", "en"),
        ("我伤心。", "我非常伤心。", "sadness", "zh"),
        ("我有点伤心。", "我伤心。", "sadness", "zh"),
        ("她伤心。", "我伤心。", "sadness", "zh"),
        ("我生气。", "我生气！", "anger", "zh"),
        ("If I am sad.", "I am sad.", "sadness", "en"),
        ("我幸福吗", "我幸福", "joy", "zh"),
        ("希望我幸福", "我幸福", "joy", "zh"),
    ],
)
def test_weights_compare(weaker: str, stronger: str, label: str, language: Language) -> None:
    assert 0 < scores(weaker, language)[label] < scores(stronger, language)[label]


def test_a_repeated_term_counts_for_less_each_time() -> None:
    assert scores("sad, sad, sad")["sadness"] == pytest.approx(scores("sad")["sadness"] * 1.75)


def test_a_boundary_ends_the_reach_of_a_negator() -> None:
    assert set(scores("I could not come but happy days")) == {"joy"}


def test_of_overlapping_terms_the_longest_counts() -> None:
    assert [hit.term for hit in lexicon("en").read("get out of here").hits] == ["get out of here"]


@pytest.mark.parametrize(("tag", "language"), [("en", "en"), ("en-GB", "en"), ("zh-Hans", "zh"), ("ZH", "zh")])
def test_a_language_tag_finds_its_lexicon(tag: str, language: str) -> None:
    found = lexicon_for(tag)
    assert found is not None
    assert found.language == language


@pytest.mark.parametrize("tag", [None, "", "fr", "english"])
def test_other_languages_have_none(tag: str | None) -> None:
    assert lexicon_for(tag) is None
