"""Whose emotion a word names: the wearer's, somebody else's, or nobody in particular's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from osmo.annotators.parse.words import Item, Words

WEARER, OTHER, UNSAID = "wearer", "other", "none"
_MARKS = ("comma", "colon", "stop", "open", "close", "contrast", "clause", "and", "or")
_NOBODY = ("aspect", "face", "named", "conclusion", "wearer", "other", "speaker", "self", "pronoun")
_NEAR = 2
_OF_WITHIN = 4


@dataclass
class Clause:
    """The persons of a clause, in order, and whether it has a verb of being or seeming."""

    said: list[str] = field(default_factory=list)
    verb: bool = False


def is_of_somebody(items: Sequence[Item], start: int, at: int, words: Words) -> bool:
    """Whether a clause that names no person is about somebody who is not known: a cyclist, or a name.

    Args:
        items: Of the text.
        start: Where the clause starts.
        at: Where its emotion stands.
        words: What is looked for.
    """
    clause = [item for item in items[start:at] if item.role not in ("negator", "secondary", "primary", "guess")]
    about, either = words.has["about"], words.has["about_or_verb"]
    if (
        not clause
        or any(item.role in _NOBODY for item in clause)
        or any(x.value in about for x in items[at + 1 : at + 2])
    ):
        return False
    if any(item.value in about and (place < 2 or item.value not in either) for place, item in enumerate(clause)):
        return False
    if clause[0].value in words.has["article"]:
        return any(_is_unknown(item) for item in clause[1:])
    named = _is_unknown(clause[0]) and clause[0].value not in words.has["no_name"]
    return named and len(clause) > 1 and clause[1].role == "copula"


def describes_a_thing(items: Sequence[Item], at: int, words: Words) -> bool:
    """Whether an emotion is only said of a thing or of somebody who is not known (a sad movie, the sad clown)."""
    following = items[at + 1] if at + 1 < len(items) else None
    if following is None:
        return False
    if following.value in words.has["thing"]:
        return True
    said = items[at].said
    noun = said in words.has["nouns"] or said.endswith(tuple(words.has["noun_endings"]))
    article = at > 0 and items[at - 1].value in words.has["article"]
    known = following.value in words.has["about"] or following.value in words.has["preposition"]
    return article and not noun and _is_unknown(following) and not known


def _is_unknown(item: Item) -> bool:
    return item.role == "" and item.value.isascii() and item.value.isalpha() and not item.value.endswith("ly")


class Persons:
    """Keeps who was spoken of, sentence by sentence.

    An emotion is the wearer's where only the wearer stands before it in its clause, and another's where anybody else
    does: who is meant of two is not guessed. Without a person, a clause is about the first of the clause before it,
    and a sentence about whoever was spoken of alone. A face that is seen is never the wearer's while others are.
    """

    def __init__(self, words: Words, wearer_named: bool) -> None:
        """Begin a text.

        Args:
            words: What is looked for.
            wearer_named: Whether the text names the wearer anywhere; else a man who speaks is the speaker asked about.
        """
        self._words = words
        self._wearer_named = wearer_named
        self._clause = Clause()
        self._before = Clause()
        self._sentence: list[str] = []
        self._last: frozenset[str] = frozenset()
        self._asked = False

    def begin_sentence(self, *, asked: bool) -> None:
        """A sentence begins; `asked`: it gives the answer, which is about nobody but the wearer unless it says so."""
        self._clause, self._before, self._sentence, self._asked = Clause(), Clause(), [], asked

    def end_sentence(self) -> None:
        """A sentence ends; pronouns of the next may mean its persons."""
        if self._sentence:
            self._last = frozenset(self._sentence)

    def ask(self) -> None:
        """From here on the sentence gives the answer."""
        self._asked = True

    def begin_clause(self, *, joined: bool) -> None:
        """A clause begins; `joined`: by "and", which joins persons before there is a verb (the wearer and the man)."""
        if joined and self._clause.said == [WEARER] and not self._clause.verb:
            self._clause.said = ["wearer and"]
            return
        if self._clause.said:
            self._before = self._clause
        self._clause = Clause()

    def relate(self) -> None:
        """The clause says more of the last person spoken of (her sister, who is sad)."""
        if not self._clause.said and self._before.said:
            self._clause.said.append(self._before.said[-1])

    def say_verb(self) -> None:
        """The clause has a verb."""
        self._clause.verb = True

    def mention(self, item: Item, after: Sequence[Item]) -> None:
        """A person is spoken of.

        Args:
            item: The phrase.
            after: What follows it in the sentence.
        """
        who = self._who(item, after)
        if who is None:
            return
        if self._clause.said == ["wearer and"]:
            self._clause.said, who = [], WEARER
        self._clause.said.append(who)
        self._sentence.append(who)

    def of_emotion(self, after: Sequence[Item]) -> str:
        """Whose an emotion is.

        Args:
            after: What follows it in the sentence.
        """
        beside = self._beside(after)
        if beside is not None:
            return beside
        said = [WEARER if who == "wearer and" else who for who in self._clause.said]
        if OTHER in said or WEARER in said:
            return OTHER if OTHER in said else WEARER
        if said:
            return self._of_preposition(after) or UNSAID
        return self._of_preposition(after) or self._inherited()

    def _who(self, item: Item, after: Sequence[Item]) -> str | None:
        if item.role == "wearer":
            return WEARER
        if item.role in ("speaker", "self"):
            return UNSAID
        if item.role == "other":
            heard = item.value in self._words.has["heard"] and not self._wearer_named
            return UNSAID if heard and self._speaks(after) else OTHER
        if self._clause.said:
            return None
        meant = frozenset(self._before.said) or frozenset(self._sentence) or self._last
        if item.role == "face":
            return OTHER if OTHER in meant else None
        return OTHER if OTHER in meant else WEARER if WEARER in meant else None

    def _speaks(self, after: Sequence[Item]) -> bool:
        for item in after:
            if item.role in ("comma", "stop", "contrast", "clause"):
                return False
            if item.value in self._words.has["voice"]:
                return True
        return False

    def _beside(self, after: Sequence[Item]) -> str | None:
        """The person whom the word describes right before (an angry man)."""
        for item in after[: _NEAR + 1]:
            if item.role in ("wearer", "other"):
                return WEARER if item.role == "wearer" else OTHER
            if item.role in _MARKS or item.role == "negator" or item.value in self._words.has["preposition"]:
                return None
        return None

    def _of_preposition(self, after: Sequence[Item]) -> str | None:
        """The person whose it is said to be after the word (the anger of the man)."""
        of = next((at for at, item in enumerate(after[:2]) if item.value in self._words.has["possessive"]), None)
        if of is None:
            return None
        for item in after[of + 1 : of + _OF_WITHIN]:
            if item.role in ("wearer", "other"):
                return WEARER if item.role == "wearer" else OTHER
        return None

    def _inherited(self) -> str:
        before = self._before.said
        if before:
            if OTHER in before and WEARER in before:
                return before[0] if self._clause.verb else OTHER
            return OTHER if OTHER in before else WEARER if set(before) & {WEARER, "wearer and"} else UNSAID
        if self._asked or self._sentence:
            return UNSAID
        return OTHER if OTHER in self._last and WEARER not in self._last else UNSAID
