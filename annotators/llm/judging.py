"""A language model as judge: it is shown one annotation at a time and answers a score with its rationale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from osmo.annotators import quoted
from osmo.annotators.answer import Unanswered, Usage
from osmo.annotators.judge import Statement, Verdict
from osmo.annotators.llm.judge_question import PROMPT, REVISION, ask_again, question
from osmo.annotators.llm.judge_reply import SCHEMA, UnreadableReplyError, read_reply
from osmo.annotators.prompt import prompt
from osmo.annotators.transports.opening import chat
from osmo.annotators.transports.question import Refused, Result
from osmo.schemas.endpoints import Endpoint
from osmo.schemas.keys import fingerprint
from osmo.schemas.vocabulary import vocabulary

VERSION = 1


@dataclass(frozen=True)
class _Unread:
    """An answer that cannot be read, and why."""

    reason: str
    text: str
    usage: Usage


class LanguageJudge:
    """The judge that asks a model. An answer that cannot be read is asked for once more, then it abstains."""

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        """Bind the judge; nothing is opened.

        Args:
            name: The judge, as its file is called.
            endpoint: The model.

        Raises:
            MissingEndpointError: The endpoint names no model.
            UnpinnedModelError: The model's revision is not pinned.
        """
        self.name = name
        self._endpoint = endpoint
        self._identity = endpoint.identity(name)
        self.prompt_sha: str | None = prompt(PROMPT).sha

    @property
    def revision(self) -> str:
        """The weights, and a hash of what else an answer depends on: schema, decoding, quoting, vocabulary, code."""
        parameters = {
            "schema": SCHEMA,
            "question": REVISION,
            "quoting": quoted.revision(),
            "vocabulary": vocabulary().version,
            "constraint": self._endpoint.constraint,
            "max_tokens": self._endpoint.max_tokens,
        }
        return f"{self._identity}+{fingerprint('judge', VERSION, parameters)[:16]}"

    def judge(self, statements: Sequence[Statement]) -> list[Verdict | Unanswered]:
        """One verdict per statement, in order."""
        model = chat(self.name, self._endpoint)
        questions = [question(statement) for statement in statements]
        verdicts = [_read(result) for result in model.ask(questions)]
        unread = [(place, one) for place, one in enumerate(verdicts) if isinstance(one, _Unread)]
        again = model.ask([ask_again(questions[place], one.reason) for place, one in unread]) if unread else []
        final = {place: _second(one, result) for (place, one), result in zip(unread, again, strict=True)}
        return [final[place] if isinstance(one, _Unread) else one for place, one in enumerate(verdicts)]


def _read(result: Result) -> Verdict | Unanswered | _Unread:
    if isinstance(result, Unanswered):
        return result
    if isinstance(result, Refused):
        return Verdict(None, result.reason, None, result.raw, result.usage)
    try:
        reply = read_reply(result.text, cut=result.finish == "length")
    except UnreadableReplyError as error:
        return _Unread(error.reason, result.text, result.usage)
    return Verdict(reply.score, None, reply.rationale, result.text, result.usage)


def _second(first: _Unread, result: Result) -> Verdict | Unanswered:
    """What the second answer says; both tries are counted."""
    second = _read(result)
    if isinstance(second, Unanswered):
        return replace(second, attempts=first.usage.attempts + second.attempts)
    usage = first.usage + second.usage
    if isinstance(second, _Unread):
        return Verdict(None, f"unreadable: {second.reason}", None, second.text, usage)
    return replace(second, raw_text=first.text if second.raw_text is None else second.raw_text, usage=usage)
