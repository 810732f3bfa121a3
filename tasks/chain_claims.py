"""Single claims that a sentence must not make: of another modality, of the future, against its evidence."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

from osmo.annotators.mentions import mentioned
from osmo.tasks.chain_evidence import STEP_MODALITY, Evidence, names
from osmo.tasks.chain_words import TwoLanguages, all_stems, bases, fold, listed_words, says_any, stem, words

_ENGLISH = re.compile(r"[a-z]+")


def other_modality(text: str, step: int, given: str) -> str | None:
    """A word of a modality that the step does not describe, and that its evidence does not say; null: none.

    Steps 1, 2 and 4 describe one modality each; steps 3, 5 and 6 repeat what their evidence says of any.
    """
    folded, allowed = fold(text), fold(given)
    own = STEP_MODALITY.get(step)
    for modality, listed in words().modality.items():
        if modality == own:
            continue
        known = listed_words(allowed, listed)
        for word in sorted(listed_words(folded, listed) - known):
            if not any(word in longer for longer in known):  # bright, where brightness is given
                return f"{word!r} ({modality})"
    return None


def says_name(folded: str, concepts: Iterable[str]) -> bool:
    """Whether a folded text says a name of one of some concepts."""
    return any(_names(concept).search(folded) for concept in concepts)


def without_names(text: str, concepts: Iterable[str]) -> str:
    """A text without the names of some concepts."""
    folded = fold(text)
    for concept in concepts:
        folded = _names(concept).sub(" ", folded)
    return folded


def inflected(text: str, given: str) -> frozenset[str]:
    """Concepts that words of a text name by their endings alone (angrily), where the evidence has not these words."""
    allowed = fold(given)
    found: set[str] = set()
    for word, base in bases(text):
        if word not in allowed and not mentioned(word):
            found |= mentioned(base)
    return frozenset(found)


def unsaid_numbers(text: str, cited: Evidence) -> set[str]:
    """Numbers in words that the evidence says neither in words nor in digits."""
    folded, listed = fold(text), words().numbers
    given = fold(cited.text)
    said = {(word, listed.en[word]) for word in _ENGLISH.findall(folded) if word in listed.en}
    said |= {(match[0], listed.zh[match[1]]) for match in _counted().finditer(folded)}
    stems = set(_ENGLISH.findall(given))
    return {
        word
        for word, number in said
        if number not in cited.numbers and not (word in stems if word.isascii() else word in given)
    }


def wrong_speaker(text: str, cited: Evidence) -> str | None:
    """Words of a sentence that give a turn to whom it does not belong; null: none, or nobody knows who spoke."""
    if cited.turn is None or cited.turn.speaker not in words().speaker:
        return None
    folded = fold(text)
    others = (listed for who, listed in words().speaker.items() if who != cited.turn.speaker)
    return next((found for listed in others if (found := says_any(folded, listed))), None)


def afterwards(text: str, given: str) -> str | None:
    """Words that speak of what comes after the event, and that the evidence does not say; null: none."""
    found = says_any(fold(text), words().future)
    return None if found is None or found in fold(given) else found


def contradiction(text: str, cited: Evidence) -> tuple[str, str] | None:
    """What a sentence says against its evidence, and what that says; null: nothing.

    Of a cue: one word of a pair of opposites where the cue has only the other, or a negation where it has none. Of
    people: another polarity.
    """
    if cited.human:
        return _polarity(fold(text), fold(cited.text))
    if cited.cue is None or cited.cue.text is None:
        return None
    folded, given = fold(text), fold(cited.text)
    for said, instead in _opposites(folded, given):
        return said, instead
    negated = _negation(folded)
    return (negated, "no negation") if negated and not _negation(given) else None


def _polarity(folded: str, given: str) -> tuple[str, str] | None:
    """Another polarity than the given one, where the sentence speaks of polarity."""
    if "polarity" not in folded and "极性" not in folded:
        return None
    listed = {name: TwoLanguages(en=of, zh=of) for name, of in words().polarity.items()}
    known = [name for name, of in listed.items() if listed_words(given, of)]
    for name, of in listed.items():
        if name not in known and (found := listed_words(folded, of)):
            return min(found), ", ".join(known) or "none"
    return None


def _opposites(folded: str, given: str) -> Iterator[tuple[str, str]]:
    stems, theirs = all_stems(folded), all_stems(given)
    for pair in words().opposites.en:
        for word, opposite in (pair, pair[::-1]):
            if stem(word) in stems - theirs and stem(opposite) in theirs:
                yield word, opposite
    for match in _compared().finditer(folded):
        word = match[1]
        for pair_zh in words().opposites.zh:
            if word in pair_zh and word not in given and (opposite := pair_zh.replace(word, "")) in given:
                yield word, opposite


def _negation(folded: str) -> str | None:
    tokens = set(_ENGLISH.findall(folded))
    listed = words().negations
    english = next((word for word in listed.english if word in tokens), None)
    return english or next((word for word in listed.mandarin if word in folded), None)


@functools.cache
def _names(concept: str) -> re.Pattern[str]:
    """Names of a concept; of Mandarin ones of one character, which are part of many words, only the concept's own."""
    known = names([concept])
    found = {fold(name) for name in known if len(name) > 1} | {fold(name) for name in known[:2]}
    spelt = (rf"\b{re.escape(n)}\b" if n.isascii() else re.escape(n) for n in sorted(found, key=len, reverse=True))
    return re.compile("|".join(spelt))


@functools.cache
def _counted() -> re.Pattern[str]:
    listed = words().numbers
    return re.compile(f"([{''.join(listed.zh)}])(?:{'|'.join(listed.counted_zh)})")


@functools.cache
def _compared() -> re.Pattern[str]:
    listed = words().opposites
    return re.compile(f"(?:{'|'.join(listed.compared_zh)})([{''.join(listed.zh)}])")
