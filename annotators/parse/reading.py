"""What is read from a model's reply."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """A label, or why there is none.

    Attributes:
        label: One of `EKMAN_LABELS`; null: abstained.
        abstain_reason: Why, as `word: more`; null where there is a label.
        extraction: How it was read: constrained, alias, schema, or null where nothing was.
    """

    label: str | None
    abstain_reason: str | None
    extraction: str | None

    def __post_init__(self) -> None:
        assert (self.label is None) != (self.abstain_reason is None), "a reading is a label or an abstention"
