"""From one reply to a label: constrained choice, else alias with a negation guard, else abstain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from osmo.annotators.parse.reading import Reading


def read_reply(
    text: str,
    *,
    labels: Sequence[str],
    language: str | None = None,
    words: Mapping[str, str] | None = None,
    cut: bool = False,
) -> Reading:
    """What a model's reply says, if it says one thing.

    Args:
        text: The reply, unchanged; may be anything.
        labels: Labels that the model can answer; a reply that means another is an abstention that says so.
        language: BCP 47 primary language that the model was asked in; both languages' words are looked for all the same.
        words: The model's own words for labels ("worried" → fear), before the common aliases.
        cut: Whether the reply was cut at its longest, so that its end may be missing.
    """
    raise NotImplementedError
