"""Utterances as tokens: words, marks and emoji, folded alike for a lexicon and for what it is held against."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import jieba

from osmo.annotators.embedded.lexicons import Language

_EMOJI = "\U0001f300-\U0001faff☀-➿"
_ENGLISH = re.compile(rf"[:;=]-?[()dp/](?![a-z])|[a-z]+(?:'[a-z]+)*|[!?]+|\.{{2,}}|[{_EMOJI}]|[^\s\w]")
_MANDARIN = re.compile(rf"[!?]+|\.{{2,}}|[。,;:、]|[{_EMOJI}]|[^!?.。,;:、\s{_EMOJI}]+")
_LETTER_RUN = re.compile(r"([a-z])\1{2,}")
_CHARACTER_RUN = re.compile(r"([一-鿿])\1{2,}")
_SAME = str.maketrans({"’": "'", "‘": "'", "\x92": "'", "…": "...", "\ufe0f": ""})


def fold(text: str) -> str:
    """NFKC, casefolded, one kind of apostrophe."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text.translate(_SAME)).casefold().translate(_SAME)


def is_word(token: str) -> bool:
    """Whether a token is a word, not a mark."""
    return token[0].isalpha()


class EnglishTokens:
    """English text as tokens."""

    language: Language = "en"

    def split(self, text: str) -> list[str]:
        """Words, runs of marks (as ! !! ? ?? ?! ...) and emoji, in order; lengthened words are shortened (sooo)."""
        text = _LETTER_RUN.sub(r"\1", fold(text))
        return [_mark(token) for token in _ENGLISH.findall(text)]


class MandarinTokens:
    """Mandarin text as tokens: jieba's dictionary with the lexicon's terms added, without its hidden Markov model."""

    language: Language = "zh"

    def __init__(self, terms: Iterable[str]) -> None:
        """Build the dictionary in memory.

        jieba's own start would read a cache from the common temporary folder, where anyone may have written it, and
        say so on stderr.

        Args:
            terms: Words that must come out whole.
        """
        self._jieba = jieba.Tokenizer()
        self._jieba.FREQ, self._jieba.total = self._jieba.gen_pfdict(self._jieba.get_dict_file())
        self._jieba.initialized = True
        for term in sorted(set(terms)):
            self._jieba.add_word(term)

    def split(self, text: str) -> list[str]:
        """Words, runs of marks and emoji, in order; a character said three times or more counts twice (哈哈哈)."""
        text = _CHARACTER_RUN.sub(r"\1\1", fold(text))
        tokens: list[str] = []
        for piece in _MANDARIN.findall(text):
            if piece[0] in "!?.。,;:、":
                tokens.append(_mark(piece))
            else:
                tokens.extend(token for token in self._jieba.cut(piece, HMM=False) if not token.isspace())
        return tokens


def _mark(token: str) -> str:
    if token[0] in "!?":
        if "!" in token and "?" in token:
            return "?!"
        return token[:2]
    return "..." if token[0] == "." and len(token) > 1 else token
