from __future__ import annotations

import pytest

from osmo.schemas.vocabulary import EKMAN_LABELS, FAMILIES, UnknownConceptError, fold, vocabulary


def test_the_wheel_has_eight_families_of_three_levels() -> None:
    basic = [concept for concept in vocabulary().concepts if concept.kind == "basic"]
    assert sorted((c.family or "", c.level or 0) for c in basic) == sorted(
        (family, level) for family in FAMILIES for level in (1, 2, 3)
    )


def test_every_dyad_joins_two_families_of_the_wheel() -> None:
    dyads = [concept for concept in vocabulary().concepts if concept.kind == "dyad"]
    assert dyads
    assert all(len(set(d.families)) == 2 and set(d.families) <= set(FAMILIES) and d.level is None for d in dyads)


def test_ids_occur_once_and_neutral_is_there() -> None:
    ids = [concept.id for concept in vocabulary().concepts]
    assert len(ids) == len(set(ids))
    assert vocabulary().get("neutral").ekman == "neutral"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_within_a_language_a_word_names_one_concept(language: str) -> None:
    named: dict[str, str] = {}
    for concept in vocabulary().concepts:
        words = (concept.en, *concept.aliases_en) if language == "en" else (concept.zh, *concept.aliases_zh)
        for word in words:
            assert named.setdefault(fold(word), concept.id) == concept.id, word


def test_ekman_labels_are_of_the_stated_seven_and_each_is_implied_by_some_concept() -> None:
    implied = {concept.ekman for concept in vocabulary().concepts if concept.ekman is not None}
    assert implied == set(EKMAN_LABELS)


@pytest.mark.parametrize(
    ("text", "language", "concepts", "outside"),
    [
        ("Joyful", "en", ("joy/joy",), ()),
        ("angry, scared; gloomy", None, ("anger/anger", "fear/fear", "sadness/pensiveness"), ()),
        ("happy and furious", "en", ("joy/joy", "anger/rage"), ()),
        ("生气、害怕", "zh", ("anger/anger", "fear/fear"), ()),
        ("高兴和难过", None, ("joy/joy", "sadness/sadness"), ()),
        ("happy, happy, joy", "en", ("joy/joy",), ()),
        ("ＪＯＹ！", "en", ("joy/joy",), ()),
        ("spicy, sad", "en", ("sadness/sadness",), ("spicy",)),
        ("生气", "en", (), ("生气",)),
        ("trust/admiration", "en", ("trust/admiration",), ()),
        ("joy/fear", "en", ("joy/joy", "fear/fear"), ()),
        ("", None, (), ()),
        (" , ;", None, (), ()),
    ],
)
def test_normalise(text: str, language: str | None, concepts: tuple[str, ...], outside: tuple[str, ...]) -> None:
    found = vocabulary().normalise(text, language)
    assert (found.concepts, found.outside) == (concepts, outside)


@pytest.mark.parametrize(
    ("label", "concept"), [("anger", "anger/anger"), ("surprise", "surprise/surprise"), ("neutral", "neutral")]
)
def test_an_ekman_label_becomes_the_middle_of_its_family(label: str, concept: str) -> None:
    assert vocabulary().from_ekman(label) == concept


@pytest.mark.parametrize("label", ["trust", "Joy", "", "contempt"])
def test_what_is_no_ekman_label_is_refused_with_the_file_to_look_in(label: str) -> None:
    with pytest.raises(UnknownConceptError, match=r"emotions\.toml"):
        vocabulary().from_ekman(label)


def test_an_unknown_concept_is_refused_by_name() -> None:
    with pytest.raises(UnknownConceptError, match="'joy/delight'"):
        vocabulary().get("joy/delight")


@pytest.mark.parametrize(
    ("sets", "at_least", "shared"),
    [
        ([["anger/rage"], ["anger/annoyance"], ["joy/joy"]], 2, ("anger/anger",)),
        ([["dyad/contempt"], ["disgust/loathing"]], 2, ("disgust/disgust",)),
        ([["anger/rage"], ["joy/joy"]], 2, ()),
        ([["joy/joy", "anger/rage"], ["joy/ecstasy", "anger/annoyance"]], 2, ("joy/joy", "anger/anger")),
    ],
    ids=["two-levels", "a-dyad-stands-for-both-families", "none-shared", "two-shared-in-the-wheels-order"],
)
def test_shared_family(sets: list[list[str]], at_least: int, shared: tuple[str, ...]) -> None:
    assert vocabulary().shared_family(sets, at_least) == shared
