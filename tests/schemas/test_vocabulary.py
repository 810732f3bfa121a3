"""The emotion vocabulary: whole, unambiguous, and read from people's words."""

from __future__ import annotations

from collections import Counter

import pytest

from osmo.schemas.vocabulary import EKMAN_LABELS, FAMILIES, UnknownConceptError, fold, vocabulary

KNOWN = vocabulary()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_one_concept_of_each_level(family: str) -> None:
    assert sorted(c.level or 0 for c in KNOWN.concepts if c.family == family) == [1, 2, 3]


def test_ids_are_unique_and_hold_24_basic_concepts_24_dyads_and_neutral() -> None:
    assert len({c.id for c in KNOWN.concepts}) == len(KNOWN.concepts)
    assert Counter(c.kind for c in KNOWN.concepts) == {"basic": 24, "dyad": 24, "neutral": 1}


def test_dyads_are_all_pairs_of_families_that_do_not_oppose_each_other() -> None:
    pairs = {frozenset(c.families) for c in KNOWN.concepts if c.kind == "dyad"}
    apart = {
        frozenset((a, b)) for i, a in enumerate(FAMILIES) for j, b in enumerate(FAMILIES) if (j - i) % 8 in (1, 2, 3)
    }
    assert pairs == apart


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_alias_names_one_concept_only(language: str) -> None:
    words = Counter(
        fold(word)
        for c in KNOWN.concepts
        for word in ((c.en, *c.aliases_en) if language == "en" else (c.zh, *c.aliases_zh))
    )
    assert [word for word, count in words.items() if count > 1] == []


@pytest.mark.parametrize("concept", KNOWN.concepts, ids=lambda c: c.id)
def test_every_name_of_a_concept_is_read_as_it(concept) -> None:  # type: ignore[no-untyped-def]
    for word in (concept.id, concept.en, concept.zh, *concept.aliases_en, *concept.aliases_zh):
        found = KNOWN.normalise(word)
        assert (found.concepts, found.outside) == ((concept.id,), ())


def test_ekman_labels_of_concepts_are_labels_and_lead_back_to_their_family() -> None:
    assert {c.ekman for c in KNOWN.concepts} - {None} == set(EKMAN_LABELS)
    for label in EKMAN_LABELS:
        assert KNOWN.get(KNOWN.from_ekman(label)).ekman == label
    with pytest.raises(UnknownConceptError, match="'trust'"):
        KNOWN.from_ekman("trust")


@pytest.mark.parametrize(
    ("text", "language", "concepts", "outside"),
    [
        ("Happy, 恼火 and wibbly、joyful/开心", None, ("joy/joy", "anger/annoyance"), ("wibbly",)),
        ("ＨＡＰＰＹ！！", "en", ("joy/joy",), ()),
        ("anger/annoyance", None, ("anger/annoyance",), ()),
        ("迫不及待", "zh", ("anticipation/anticipation",), ()),
        ("高兴和难过", "zh", ("joy/joy", "sadness/sadness"), ()),
        ("愤怒 难过", "zh", ("anger/anger", "sadness/sadness"), ()),
        ("happy but sad", "en", ("joy/joy", "sadness/sadness"), ()),
        ("wibbly/wobbly", "en", (), ("wibbly", "wobbly")),
        ("和平共处", "zh", (), ("和平共处",)),
        ("salt and vinegar", "en", (), ("salt and vinegar",)),
        ("开心", "en", (), ("开心",)),
        (" , 、", None, (), ()),
    ],
)
def test_normalise(text: str, language: str | None, concepts: tuple[str, ...], outside: tuple[str, ...]) -> None:
    found = KNOWN.normalise(text, language)
    assert (found.concepts, found.outside) == (concepts, outside)


@pytest.mark.parametrize(
    ("sets", "at_least", "expected"),
    [
        ([{"joy/serenity"}, {"joy/ecstasy"}, {"anger/anger"}], 2, ("joy/joy",)),
        ([{"joy/serenity"}, {"anger/rage"}], 2, ()),
        ([{"dyad/love"}, {"joy/joy"}], 2, ("joy/joy",)),
        ([{"joy/joy"}, {"sadness/grief"}], 1, ("joy/joy", "sadness/sadness")),
        ([{"joy/joy", "joy/ecstasy"}, set()], 2, ()),
        ([{"neutral"}, {"neutral"}], 1, ()),
        ([], 0, ()),
    ],
    ids=[
        "family",
        "none",
        "dyad-has-both",
        "tie-keeps-both",
        "annotator-counts-once",
        "neutral-has-none",
        "nobody",
    ],
)
def test_shared_family(sets: list[set[str]], at_least: int, expected: tuple[str, ...]) -> None:
    assert KNOWN.shared_family(sets, at_least) == expected


def test_an_unknown_concept_says_what_and_where() -> None:
    with pytest.raises(UnknownConceptError, match=r"No concept 'joy/glee' in version .*schemas/emotions.toml"):
        KNOWN.get("joy/glee")
