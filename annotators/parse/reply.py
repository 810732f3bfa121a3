"""From one reply to a label: constrained choice, else alias with a negation guard, else abstain."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence

from osmo.annotators.parse.claims import claims_of
from osmo.annotators.parse.folding import fold, window, without_speech
from osmo.annotators.parse.loops import is_loop
from osmo.annotators.parse.reading import Reading
from osmo.annotators.parse.structured import read_json, read_words
from osmo.annotators.parse.verdict import abstain, decide
from osmo.annotators.parse.words import Words, data_key
from osmo.annotators.parse.words import words as all_words

VERSION = f"1+{data_key()}"
"""Of what is read from a reply: of the code, which a change of what it reads needs to raise, and of its words."""


def read_reply(
    text: str,
    *,
    labels: Sequence[str],
    language: str | None = None,
    words: Mapping[str, str] | None = None,
    cut: bool = False,
) -> Reading:
    """What a model's reply says, if it says one thing.

    Of a reply longer than 40,000 characters, the first and the last 20,000 are looked at. Reasons to abstain: empty,
    loop, truncated, refused, unsupported (a word that means no label, or one that the model cannot answer),
    contradiction, other_person, options (the list to choose from), negated, instruction (orders to the
    reader), unclear (no word names a label).

    Args:
        text: The reply, unchanged; may be anything.
        labels: Labels that the model can answer; a reply that means another is an abstention that says so.
        language: BCP 47 primary language that the model was asked in; both languages' words are looked for all the
            same.
        words: The model's own words for labels ("worried" → fear), before the common aliases.
        cut: Whether the reply was cut at its longest, so that its end may be missing.
    """
    known = all_words(words)
    seen = window(text)
    if "<think>" in text and not seen:
        return abstain("truncated: the reply ends while the model thinks")
    folded = fold(seen)
    if not any(char.isalnum() or unicodedata.category(char) == "So" for char in folded) and not _opens(seen):
        return abstain("empty")
    structured = read_json(seen, labels, known, lambda value: _read_text(fold(value), labels, known, cut=False))
    if structured is not None:
        return structured
    return _read_text(folded, labels, known, cut=cut)


def _read_text(folded: str, labels: Collection[str], known: Words, *, cut: bool) -> Reading:
    whole = read_words(folded, labels, known)
    if whole is not None:
        return whole
    if is_loop(folded):
        return abstain("loop")
    return decide(claims_of(without_speech(folded), known, cut=cut), labels)


def _opens(text: str) -> bool:
    return text[:1] in ("{", "[") and len(text) > 1
