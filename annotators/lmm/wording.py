"""Fills the prompts of voters and describers: who speaks, what is said, what is shown, and the labels."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Collection, Iterable
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from osmo.annotators import quoted
from osmo.annotators.prompt import Prompt
from osmo.annotators.voter import Utterance

_FILE = files("osmo.annotators.lmm").joinpath("phrases.toml")


class Phrases(BaseModel):
    """What stands in slots."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    speaker: dict[str, str]
    no_words: dict[str, str]
    language: dict[str, str]
    given: dict[str, str]
    again: dict[str, str]
    refusals: tuple[str, ...]


@functools.cache
def phrases() -> Phrases:
    """The phrases of phrases.toml."""
    return Phrases.model_validate(tomllib.loads(_FILE.read_text("utf-8")))


@functools.cache
def wording_revision() -> str:
    """Hash of the phrases, and of how data are quoted."""
    return hashlib.sha256(_FILE.read_bytes() + quoted.revision().encode()).hexdigest()[:16]


def vote_text(asked: Prompt, utterance: Utterance, *, words: Iterable[str], given: Collection[str]) -> str:
    """The user's text of a question for a label.

    Args:
        asked: The prompt.
        utterance: What it is about; its words are quoted as data.
        words: The labels, in the model's words.
        given: Which media go with it: video, audio, both or none.
    """
    say = phrases()
    speaker = utterance.speaker if utterance.speaker in say.speaker else "unknown"
    said = utterance.text.strip()
    nonce = quoted.nonce_for(said)
    return asked.fill(
        given=say.given["_".join(part for part in ("video", "audio") if part in given) or "nothing"],
        speaker=(say.speaker if said else say.no_words)[speaker],
        announcement=quoted.announcement(nonce) if said else "",
        said=quoted.quote(said, nonce) if said else "-",
        language=say.language.get(utterance.language or "unknown", say.language["unknown"]),
        labels=", ".join(words),
    )


def describe_text(asked: Prompt, *, seconds: float, language: str, again: str = "") -> str:
    """The user's text of a question for a description.

    Args:
        asked: The prompt.
        seconds: Length of what is shown.
        language: BCP 47 primary language to write in, one of the phrases'.
        again: Why it is asked once more; empty: it is asked for the first time.
    """
    return asked.fill(seconds=f"{seconds:.1f}", language=phrases().language[language], again=again).rstrip()


def joined(asked: Prompt, user: str) -> str:
    """One text of a system prompt and a user's, for models that take one."""
    return f"{asked.system}\n\n{user}" if asked.system else user
