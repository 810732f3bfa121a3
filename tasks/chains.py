"""From bundles to chains that may be stored: asked for, checked, asked for again with the reasons, else composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from osmo.annotators.answer import NOTHING, Unanswered, Usage
from osmo.annotators.writer import Bundle, Chain, Refused, Rewriter, Step, Writer
from osmo.tasks.chain_check import UNREADABLE, Violation, check_chain

AGAIN = 2
"""How often a writer is asked again for one event."""

ChainOutcome = Literal["first", "again", "composed"]


@dataclass(frozen=True)
class Written:
    """A chain that may be stored.

    Attributes:
        steps: The six steps.
        outcome: As `REASONING` says.
        model: Who wrote it, with the revision; where it was composed, after whom.
        prompt_sha: Hash of the prompt it was written from; null: from none.
        refusals: Why earlier chains were refused: `try <n>: <rule>: <what>`.
        raw_text: What the writer answered last; null without a model.
        usage: Of all tries.
    """

    steps: tuple[Step, ...]
    outcome: ChainOutcome
    model: str
    prompt_sha: str | None
    refusals: tuple[str, ...]
    raw_text: str | None
    usage: Usage


@dataclass(frozen=True)
class Unwritten:
    """No chain can be had: even the last writer's is refused.

    Attributes:
        writer: Whose chain it was.
        violations: What it says that it must not say.
        attempts: Requests made.
    """

    writer: str
    violations: tuple[Violation, ...]
    attempts: int


@dataclass
class _Draft:
    """One event on its way to a chain."""

    bundle: Bundle
    answer: Chain | Unanswered | None = None
    violations: tuple[Violation, ...] = ()
    refusals: list[str] = field(default_factory=list)
    usage: Usage | None = None
    tries: int = 0

    def take(self, answer: Chain | Unanswered) -> None:
        """Take an answer and check it; what an earlier one was refused for is kept."""
        self.refusals += [f"try {self.tries}: {one}" for one in self.violations]
        self.tries += 1
        self.answer, self.violations = answer, ()
        if isinstance(answer, Unanswered):
            return
        self.usage = answer.usage if self.usage is None else self.usage + answer.usage
        if answer.unread is not None:
            self.violations = (Violation(UNREADABLE, None, answer.unread),)
        else:
            self.violations = tuple(check_chain(self.bundle, answer.steps))

    @property
    def attempts(self) -> int:
        """Requests made so far."""
        more = self.answer.attempts if isinstance(self.answer, Unanswered) else 0
        return more + (self.usage.attempts if self.usage is not None else 0)

    @property
    def refused(self) -> Refused | None:
        """The last chain and why it is refused; null: it is not."""
        if not isinstance(self.answer, Chain) or not self.violations:
            return None
        return Refused(self.bundle, self.answer, tuple(str(one) for one in self.violations))


def write_chains(
    writer: Writer, fallback: Writer, bundles: Sequence[Bundle]
) -> tuple[list[Written | Unwritten | Unanswered], int]:
    """What each event gets, in order, and how many requests were made.

    All first tries are asked for together, then all second ones, so that a server is never left with one question.
    An event whose question is not answered stays open, whatever was answered before: the fallback stands in for a
    writer that was refused, never for a server that is gone.

    Args:
        writer: Who writes; asked again with the reasons if it can be.
        fallback: Whose chain stands where all of the writer's are refused; needs no server.
        bundles: The events.
    """
    drafts = [_Draft(bundle) for bundle in bundles]
    _ask(drafts, writer.write(bundles), writer)
    if isinstance(writer, Rewriter):
        for _ in range(AGAIN):
            _ask_again(drafts, writer)
    ends = [_end(draft, writer, fallback) for draft in drafts]
    return ends, sum(draft.attempts for draft in drafts)


def _ask(drafts: Sequence[_Draft], answers: Sequence[Chain | Unanswered], writer: Writer) -> None:
    assert len(answers) == len(drafts), f"writer {writer.name} gave {len(answers)} answers for {len(drafts)}"
    for draft, answer in zip(drafts, answers, strict=True):
        draft.take(answer)


def _ask_again(drafts: Sequence[_Draft], writer: Rewriter) -> None:
    left = [(draft, refused) for draft in drafts if (refused := draft.refused) is not None]
    answers = (draft.answer for draft in drafts)
    gone = next((one for one in answers if isinstance(one, Unanswered) and one.gone), None)
    if gone is not None:
        for draft, _ in left:
            draft.answer = gone
    elif left:
        _ask([draft for draft, _ in left], writer.write_again([refused for _, refused in left]), writer)


def _end(draft: _Draft, writer: Writer, fallback: Writer) -> Written | Unwritten | Unanswered:
    answer, usage = draft.answer, draft.usage or NOTHING
    assert answer is not None, "every draft was asked for"
    if isinstance(answer, Unanswered):
        return answer
    if not draft.violations:
        outcome: ChainOutcome = "first" if draft.tries == 1 else "again"
        refusals = tuple(draft.refusals)
        return Written(answer.steps, outcome, _named(writer), writer.prompt_sha, refusals, answer.raw_text, usage)
    if writer.name == fallback.name:
        return Unwritten(writer.name, draft.violations, draft.attempts)
    refusals = (*draft.refusals, *(f"try {draft.tries}: {one}" for one in draft.violations))
    [composed] = fallback.write([draft.bundle])
    if isinstance(composed, Unanswered):
        return composed
    if violations := check_chain(draft.bundle, composed.steps):
        return Unwritten(fallback.name, tuple(violations), draft.attempts)
    model = f"{_named(fallback)} for {_named(writer)}"
    return Written(composed.steps, "composed", model, fallback.prompt_sha, refusals, answer.raw_text, usage)


def _named(writer: Writer) -> str:
    return f"{writer.name}@{writer.revision}"
