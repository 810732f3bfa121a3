"""Checks a chain against what its writer was given: nothing else may stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from osmo.annotators.mentions import mentioned, unquoted
from osmo.annotators.writer import Bundle, Step
from osmo.tasks.chain_claims import (
    afterwards,
    contradiction,
    inflected,
    other_modality,
    says_name,
    unsaid_numbers,
    without_names,
    wrong_speaker,
)
from osmo.tasks.chain_evidence import NUMBER, STEP_MODALITY, Evidence, given
from osmo.tasks.chain_words import claims, fold, has_han, words_sha

VERSION = 2
FEWEST_SHARED = 0.6
"""Least share of a sentence's claims that its evidence makes too, steps 1 to 5; chosen on the table of its test."""
FEWEST_SHARED_INFERENCE = 0.4
"""The same of step 6, whose sentences need words of their own, with all evidence together; names of emotions apart."""

UNREADABLE = "unreadable"
"""The rule that an answer breaks in which no chain can be read."""
QUOTED = re.compile(r"“([^“”]*)”|「([^「」]*)」|\"([^\"]*)\"")
_SAY_THEMSELVES = (3, 5, 6)
"""Steps that are written, and not repeated from a cue whose language its extractor chose."""


@dataclass(frozen=True)
class Violation:
    """What a chain says that it must not say: the rule's name, the step (null: the whole chain), and what."""

    rule: str
    step: int | None
    what: str

    def __str__(self) -> str:
        """`<rule>: step <n>: <what>`."""
        return f"{self.rule}: {self.what}" if self.step is None else f"{self.rule}: step {self.step}: {self.what}"


Broken = tuple[str, str]
"""A rule's name, and what broke it."""


def check_revision() -> str:
    """Changes whenever the check may refuse another chain."""
    return f"{VERSION}+{words_sha()}"


def check_chain(bundle: Bundle, steps: Sequence[Step]) -> list[Violation]:
    """What a chain says that it must not say.

    Rules, by name: *order*: six steps in order. *empty*: a step or sentence says nothing. *citation*: every sentence
    cites evidence that was given for its step. *absence*: an absent modality is said to be absent with its reason, in
    one sentence, and nothing else is said of it; a cue that is there is not passed over. *emotion*: steps 1–4 name no
    emotion concept outside quoted dialogue, step 5 only those of the earlier event it cites, step 6 those of the human
    description and of the evidence it cites. *quote*: quotation marks of step 3 hold what was said. *speaker*: by whom.
    *number*: every number, in digits or words, stands in the evidence cited. *modality*: no step speaks of what only
    another modality shows. *made_up*: a sentence shares its claims with its evidence. *contradiction*: it says not the
    opposite. *future*: history and words lie in the past. *language*: that of the event. *label*: step 6 says the
    human label.

    Args:
        bundle: What the writer was given.
        steps: What it wrote.

    Returns:
        Violations in order of steps; empty: the chain may be stored.
    """
    found = [
        Violation("future", 5, f"{event.ref} lies {-event.gap_s:g} s in the future")
        for event in bundle.history
        if event.gap_s < 0
    ]
    if [step.number for step in steps] != [1, 2, 3, 4, 5, 6]:
        return [
            *found, Violation("order", None, f"steps are {[step.number for step in steps]}, expected 1 to 6 in order")
        ]  # fmt: skip
    for step in steps:
        found += [Violation(rule, step.number, what) for rule, what in _check_step(bundle, step)]
    return found


def _check_step(bundle: Bundle, step: Step) -> Iterator[Broken]:
    if not step.sentences:
        yield "empty", "says nothing"
    evidence = given(bundle, step.number)
    if step.number in STEP_MODALITY:
        yield from _check_cue(step, evidence)
    if step.number == 6:
        yield from _check_label(bundle, step)
    everything = " ; ".join(one.text for one in evidence.values())
    for sentence, ref in zip(step.sentences, step.cited, strict=True):
        if not sentence.strip():
            yield "empty", "has an empty sentence"
        elif not ref:
            yield "citation", f"{sentence!r} cites nothing"
        elif ref not in evidence:
            yield "citation", f"{sentence!r} cites {ref}, which was not given for this step"
        else:
            pool = everything if step.number == 6 else evidence[ref].text
            yield from _check_sentence(bundle, step.number, sentence, ref, evidence, pool)


def _check_cue(step: Step, evidence: Mapping[str, Evidence]) -> Iterator[Broken]:
    """A cue that is there is used; one that is absent is said to be absent, and no more."""
    cue = next((one.cue for one in evidence.values()), None)
    if cue is None:
        return
    if cue.text is not None:
        if claims(cue.text).anything and not mentioned(cue.text) and not any(
            claims(sentence).anything for sentence in step.sentences
        ):  # fmt: skip
            yield "absence", f"nothing is said of {cue.ref}, which is there"
        return
    if len(step.sentences) != 1:
        yield "absence", f"{cue.modality} is absent and described in {len(step.sentences)} sentences"
    reason = cue.absent_reason or ""
    if reason and not mentioned(reason) and not any(reason in sentence for sentence in step.sentences):
        yield "absence", f"{cue.modality} is absent and its reason is not said: {reason}"
    for sentence in step.sentences:
        more = claims(sentence)
        if more.found_in(reason) < more.weight:
            yield "absence", f"{sentence!r} says more than that {cue.modality} is absent and why"


def _check_label(bundle: Bundle, step: Step) -> Iterator[Broken]:
    said = fold(" ".join(unquoted(sentence) for sentence in step.sentences))
    own = [fold(unquoted(word)) for word in bundle.own_words]
    if (own or bundle.emotions) and not any(word in said for word in own) and not says_name(said, bundle.emotions):
        yield "label", "names none of the emotions of the human description"


def _check_sentence(
    bundle: Bundle, step: int, sentence: str, ref: str, evidence: Mapping[str, Evidence], pool: str
) -> Iterator[Broken]:
    cited = evidence[ref]
    rest = QUOTED.sub(" ", sentence) if step == 3 else sentence
    if step == 3:
        yield from _check_quotes(sentence, ref, cited)
        if wrong := wrong_speaker(rest, cited):
            yield "speaker", f"{sentence!r} says {wrong!r}, but {ref} was said by {cited.turn and cited.turn.speaker}"
    allowed = _allowed(bundle, step, cited, evidence)
    named = mentioned(rest) | inflected(rest, pool)
    if wrong_names := sorted(named - allowed):
        yield "emotion", f"{sentence!r} names {', '.join(wrong_names)}, which nothing given for this step allows"
    invented = set(NUMBER.findall(sentence)) - cited.numbers
    if invented := invented | unsaid_numbers(rest, cited):
        yield "number", f"{sentence!r} says {', '.join(sorted(invented))}, which {ref} does not"
    if foreign := other_modality(rest, step, pool):
        yield "modality", f"{sentence!r} speaks of {foreign}, which was not given for this step"
    yield from _check_claims(step, without_names(rest, allowed) if step == 6 else rest, ref, cited, pool)
    if later := afterwards(QUOTED.sub(" ", sentence), pool):
        yield "future", f"{sentence!r} says {later!r}: what comes after the event is not given"
    if step in _SAY_THEMSELVES and has_han(bare := QUOTED.sub(" ", sentence)) != (bundle.language == "zh"):
        yield "language", f"{bare!r} is not written in {'Mandarin' if bundle.language == 'zh' else 'English'}"


def _check_claims(step: int, rest: str, ref: str, cited: Evidence, pool: str) -> Iterator[Broken]:
    made = claims(rest)
    if not made.anything:
        return
    shared, least = made.found_in(pool) / made.weight, FEWEST_SHARED_INFERENCE if step == 6 else FEWEST_SHARED
    if shared < least or not made.found_in(cited.text):
        yield "made_up", f"{rest!r} shares {shared:.0%} of its words with {ref}, at least {least:.0%} are needed"
    elif opposite := contradiction(rest, cited):
        yield "contradiction", f"{rest!r} says {opposite[0]!r} where {ref} says {opposite[1]!r}"


def _check_quotes(sentence: str, ref: str, cited: Evidence) -> Iterable[Broken]:
    for match in QUOTED.finditer(sentence):
        quote = next((group for group in match.groups() if group is not None), "")
        if unquoted(quote) not in unquoted(cited.text):
            yield "quote", f"{quote!r} is not what {ref} says"


def _allowed(bundle: Bundle, step: int, cited: Evidence, evidence: Mapping[str, Evidence]) -> frozenset[str]:
    """Concepts that a sentence may name."""
    if step < 5:
        return frozenset()
    if step == 5:
        return cited.concepts
    human = evidence[f"event:{bundle.event_id}"].concepts
    return human | cited.concepts
