"""What a reply asserts: each emotion word with whose it is, how firmly it is said, and whether it is denied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from osmo.annotators.parse.persons import OTHER, Persons, describes_a_thing, is_of_somebody
from osmo.annotators.parse.sentences import is_emotion, is_word, items_of, offered, sentences
from osmo.annotators.parse.words import LABEL, Item, Words

PRIMARY, PLAIN, SECONDARY = 0, 1, 2
FINAL, NAMED, SAID = 2, 1, 0
_BREAKS = ("comma", "and", "contrast", "clause", "colon", "open", "close", "dash", "bar")
_ENDS_OF_LEAD = ("dash", "colon", "open")
_AWAITS = ("final", "named", "conclusion", "primary", "secondary")
_JUDGED_WITHIN = 6
_AFTER = 4


@dataclass(frozen=True)
class Claim:
    """One emotion word of a reply.

    Attributes:
        value: The label, or the word where it settles none.
        settled: Whether it is a label.
        who: wearer, other, or none: it is not said.
        rank: Whether the reply says that it is the main or a lesser one.
        level: Whether it is the answer, is named as the emotion, or is said in passing.
        dropped: Why it asserts nothing: negated, supposed, options; null: it does.
        share: Percent that the reply gives it; null: none.
    """

    value: str
    settled: bool
    who: str
    rank: int = PLAIN
    level: int = SAID
    dropped: str | None = None
    share: int | None = None


@dataclass(frozen=True)
class Claims:
    """All of a reply.

    Attributes:
        made: In order.
        refused: The phrase by which it refuses; null: it does not.
        instruction: Whether it gives its reader orders.
    """

    made: tuple[Claim, ...]
    refused: str | None
    instruction: bool


def claims_of(folded: str, words: Words, *, cut: bool) -> Claims:
    """What a folded text claims."""
    items = items_of(folded, words, cut=cut)
    reader = _Reader(items, words, offered(items), Persons(words, any(item.role == "wearer" for item in items)))
    for start, end in sentences(items):
        reader.read(start, end)
    return Claims(tuple(reader.made), reader.refused, any(item.role == "instruction" for item in items))


@dataclass
class _Scope:
    """What holds at a point of a sentence."""

    negated_from: int = -1
    used: bool = False
    paused: bool = False
    supposed: bool = False
    rank: int = PLAIN
    level: int = SAID
    opened: int = -1
    firm: bool = False
    clause: int = 0

    def assert_again(self) -> None:
        """What was denied ends, unless all of the sentence is."""
        if not self.firm:
            self.negated_from, self.used, self.paused = -1, False, False


@dataclass
class _Reader:
    items: Sequence[Item]
    words: Words
    offered: frozenset[int]
    persons: Persons
    made: list[Claim] = field(default_factory=list)
    refused: str | None = None
    carried: tuple[int, int] = (SAID, PLAIN)

    def read(self, start: int, end: int) -> None:
        """One sentence."""
        items = self.items
        level, rank = self.carried
        self.carried = (SAID, PLAIN)
        scope = _Scope(level=level, rank=rank, clause=start)
        self.persons.begin_sentence(asked=level > SAID)
        words = [at for at in range(start, end) if is_word(items[at])]
        if not words:
            self.carried = (level, rank)
            return
        first = len(self.made)
        leading = [at for at in words if is_emotion(items[at]) and at + 1 < end and items[at + 1].role in _ENDS_OF_LEAD]
        only_emotions = all(is_emotion(items[at]) for at in words)
        positions: dict[int, int] = {}
        for at in range(start, end):
            item = items[at]
            self._steer(scope, item, at, end, positions)
            if is_emotion(item):
                positions[at] = len(self.made)
                leads = at == words[0] and leading == [at]
                named = max(scope.level, NAMED) if only_emotions or leads else scope.level
                self.made.append(self._claim(item, at, scope, named, end))
                scope.used = True
        if items[end - 1].value == "?":
            self.made[first:] = [replace(one, dropped="supposed") for one in self.made[first:]]
        if items[words[-1]].role in _AWAITS:  # the answer stands in the next sentence
            self.carried = (scope.level, scope.rank)
        self.persons.end_sentence()

    def _steer(self, scope: _Scope, item: Item, at: int, end: int, positions: dict[int, int]) -> None:
        """Let an item change what holds from here on."""
        role = item.role
        if role in _BREAKS:
            self.persons.begin_clause(joined=role == "and")
            scope.clause = at + 1
            self._pass_break(scope, role, at)
        elif role == "negator":
            self._negate(scope, item, at, end, positions)
        elif role == "disbelief":
            scope.negated_from, scope.firm = at, True
        elif role in ("refuse", "says_no"):
            self.refused = self.refused or item.value
            if role == "refuse":
                scope.negated_from = at
        elif role == "judge":
            if scope.negated_from >= 0 and at - scope.negated_from <= _JUDGED_WITHIN:
                self.refused = self.refused or f"{self.items[scope.negated_from].value} {item.value}"
        elif role == "condition":
            scope.supposed = True
        elif role == "cause":
            scope.rank = SECONDARY
        elif role in ("primary", "secondary"):
            scope.rank = PRIMARY if role == "primary" else SECONDARY
        elif role in ("final", "conclusion", "named"):
            scope.level = max(scope.level, FINAL if role == "final" else NAMED)
            self.persons.ask()
        else:
            self._speak_of(scope, item, at, end)

    def _speak_of(self, scope: _Scope, item: Item, at: int, end: int) -> None:
        """Let persons, and verbs and nouns that begin anew, change whose it is and what is still denied."""
        role = item.role
        if role in ("wearer", "other", "speaker", "self", "pronoun", "face"):
            if at == 0 or self.items[at - 1].value not in self.words.has["toward"]:
                self.persons.mention(item, self.items[at + 1 : end])
            if scope.paused and (role not in ("pronoun", "self") or scope.used):
                scope.assert_again()
        elif role == "causing":
            self.persons.begin_clause(joined=False)
        elif role == "relative":
            self.persons.relate()
        elif role == "guess" and scope.paused and self.refused is not None:
            scope.assert_again()
        elif role in ("copula", "aspect"):
            self.persons.say_verb()
            if scope.paused and scope.used:
                scope.assert_again()

    def _pass_break(self, scope: _Scope, role: str, at: int) -> None:
        listed = self._goes_on_listing(at)
        if role == "contrast":
            scope.firm = False
            scope.assert_again()
            scope.supposed, scope.rank = False, PLAIN
        elif role == "open":
            scope.opened = at
        elif role == "close":
            if scope.negated_from > scope.opened >= 0:
                scope.assert_again()
        elif role == "colon" and scope.used:
            scope.assert_again()
        elif role in ("comma", "and"):
            scope.paused = scope.negated_from >= 0
        if role == "comma" and not listed:
            scope.supposed = False
            if scope.rank == PRIMARY:
                scope.rank = PLAIN

    def _goes_on_listing(self, at: int) -> bool:
        after = self.items[at + 1 : at + 3]
        return any(is_emotion(item) for item in after[:1]) or (
            len(after) == 2 and after[0].role in ("or", "and") and is_emotion(after[1])
        )

    def _negate(self, scope: _Scope, item: Item, at: int, end: int, positions: dict[int, int]) -> None:
        """A negator denies what follows it; after an emotion and a verb it denies that (anger is absent)."""
        if item.value == "no" and at + 1 < end and self.items[at + 1].role == "comma":
            return
        reach = _AFTER if item.value in self.words.has["negator_after"] else 0
        for before in range(at - 1, max(-1, at - reach), -1):
            if before in positions and not self._emotion_follows(at, end):
                claim = self.made[positions[before]]
                self.made[positions[before]] = replace(claim, dropped=claim.dropped or "negated")
                return
            if self.items[before].value not in self.words.has["auxiliary"]:
                break
        if scope.negated_from < 0 or scope.paused:
            scope.negated_from, scope.used, scope.paused = at, False, False

    def _emotion_follows(self, at: int, end: int) -> bool:
        for after in range(at + 1, end):
            if self.items[after].role in ("comma", "contrast", "stop"):
                return False
            if is_emotion(self.items[after]):
                return True
        return False

    def _claim(self, item: Item, at: int, scope: _Scope, level: int, end: int) -> Claim:
        after = self.items[at + 1 : end]
        dropped = None
        if scope.negated_from >= 0:
            dropped = "negated"
        elif at in self.offered:
            dropped = "options"
        elif scope.supposed or describes_a_thing(self.items, at, self.words):
            dropped = "supposed"
        rank = scope.rank
        if after and after[0].value in self.words.has["primary_after"]:
            rank = PRIMARY
        who = self.persons.of_emotion(after)
        if who != OTHER and level == SAID and is_of_somebody(self.items, scope.clause, at, self.words):
            who = OTHER
        return Claim(item.value, item.role == LABEL, who, rank, level, dropped, _share(after))


def _share(after: Sequence[Item]) -> int | None:
    """The percentage right after a word."""
    for at, item in enumerate(after[:3]):
        if item.role == "number" and len(item.value) < 4 and at + 1 < len(after) and after[at + 1].value == "%":
            return int(item.value)
        if is_word(item):
            break
    return None
