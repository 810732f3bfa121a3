"""Prompts: text files of annotators/prompts/, each with the hash that results depend on."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from string import Template


@dataclass(frozen=True)
class Prompt:
    """One prompt file.

    Attributes:
        name: The file's name without suffix.
        system: What stands before the line `---`; empty: the file has no such line.
        user: What stands after it, with `$slots`.
        sha: Hash of the file.
    """

    name: str
    system: str
    user: str
    sha: str

    def fill(self, **slots: str) -> str:
        """The user's text with its slots filled; what fills a slot is never looked at for slots of its own.

        Raises:
            KeyError: A slot is not given.
        """
        return Template(self.user).substitute(slots)


@functools.cache
def prompt(name: str) -> Prompt:
    """The prompt of annotators/prompts/<name>.txt."""
    content = files("osmo.annotators").joinpath("prompts", f"{name}.txt").read_bytes()
    text = content.decode("utf-8").strip()
    head, mark, tail = text.partition("\n---\n")
    system, user = (head.strip(), tail.strip()) if mark else ("", text)
    return Prompt(name, system, user, hashlib.sha256(content).hexdigest()[:16])
