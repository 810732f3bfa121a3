"""Puts measured numbers into words: every number that a cue says is one of its evidence."""

from __future__ import annotations

import functools
import hashlib
import json
import tomllib
from importlib.resources import files

from osmo.tasks.cues.extractor import Cue, Evidence, Modality

_SIGNS = {"en": ("; ", "."), "zh": ("；", "。")}
_PHRASES = files("osmo.tasks.cues").joinpath("phrases.toml")


class Description:
    """A cue in the making."""

    def __init__(self, modality: Modality, language: str | None) -> None:
        """Begin one.

        Args:
            modality: Whose phrases to use.
            language: en or zh; anything else is said in English.
        """
        self._language = language if language in _SIGNS else "en"
        self._phrases = phrases()[modality][self._language]
        self._evidence: dict[str, Evidence] = {}
        self._shown: dict[str, str] = {}
        self._clauses: list[str] = []

    def measure(self, name: str, value: float, unit: str, *, digits: int = 0) -> float:
        """Record a number of the evidence; gives it as rounded.

        Args:
            name: How phrases refer to it. They say it without its sign.
            value: Finite.
            unit: Its unit.
            digits: Decimal places that the measurement deserves.
        """
        rounded = round(float(value), digits) + 0.0  # + 0.0: never a negative zero
        self._evidence[name] = (name, rounded, unit)
        self._shown[name] = f"{abs(rounded):.{digits}f}"
        return rounded

    def say(self, phrase: str) -> None:
        """Add a clause of tasks/cues/phrases.toml, filled with what was measured."""
        self._clauses.append(self._phrases[phrase].format(**self._shown))

    @property
    def said_anything(self) -> bool:
        """Whether there is a clause yet."""
        return bool(self._clauses)

    def cue(self, *, confidence: float) -> Cue:
        """The finished cue."""
        between, end = _SIGNS[self._language]
        text = between.join(self._clauses) + end
        return Cue(text[0].upper() + text[1:], None, tuple(self._evidence.values()), confidence)


@functools.cache
def phrases() -> dict[str, dict[str, dict[str, str]]]:
    """Every phrase, by modality, language and name."""
    loaded: dict[str, dict[str, dict[str, str]]] = tomllib.loads(_PHRASES.read_text("utf-8"))
    return loaded


@functools.cache
def phrases_sha(modality: Modality | None = None) -> str:
    """Hash of a modality's phrases, or of all: part of every extractor's revision."""
    some = phrases() if modality is None else phrases()[modality]
    return hashlib.sha256(json.dumps(some, sort_keys=True).encode()).hexdigest()[:16]
