"""A language model as writer: it is shown one event at a time and answers its chain as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from osmo.annotators import quoted
from osmo.annotators.answer import Unanswered
from osmo.annotators.llm import chain_question, chain_reply
from osmo.annotators.llm.chain_question import MAX_TOKENS, PROMPT_SHA, ask_again, question, signs
from osmo.annotators.llm.chain_reply import UnreadableChainError, read_chain
from osmo.annotators.transports.opening import chat
from osmo.annotators.transports.question import Question, Result
from osmo.annotators.transports.question import Refused as RefusedQuestion
from osmo.annotators.writer import Bundle, Chain, Refused
from osmo.schemas.endpoints import Endpoint
from osmo.schemas.keys import fingerprint
from osmo.schemas.vocabulary import vocabulary

VERSION = 1


class LlmWriter:
    """The writer that asks a model, and asks it again with what was wrong."""

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        """Bind the writer; nothing is opened.

        Args:
            name: The writer, as its file is called.
            endpoint: The model.

        Raises:
            MissingEndpointError: The endpoint names no model.
            UnpinnedModelError: The model's revision is not pinned.
        """
        self.name = name
        self._endpoint = endpoint
        self._identity = endpoint.identity(name)
        self._max_tokens = max(endpoint.max_tokens, MAX_TOKENS)
        self.prompt_sha: str | None = PROMPT_SHA

    @property
    def revision(self) -> str:
        """The weights, and a hash of what else an answer depends on: schema, decoding, quoting, vocabulary, code."""
        parameters: dict[str, JsonValue] = {
            "question": chain_question.REVISION,
            "reply": chain_reply.REVISION,
            "quoting": quoted.revision(),
            "vocabulary": vocabulary().version,
            "constraint": self._endpoint.constraint,
            "max_tokens": self._max_tokens,
        }
        return f"{self._identity}+{fingerprint('writer', VERSION, parameters)[:16]}"

    def write(self, bundles: Sequence[Bundle]) -> list[Chain | Unanswered]:
        """One chain per bundle, in order."""
        return self._ask(bundles, [self._question(bundle) for bundle in bundles])

    def write_again(self, refused: Sequence[Refused]) -> list[Chain | Unanswered]:
        """One chain per refused one, in order; the model is told what was wrong with the last one."""
        questions = [ask_again(self._question(one.bundle), one.bundle, one.reasons) for one in refused]
        return self._ask([one.bundle for one in refused], questions)

    def _question(self, bundle: Bundle) -> Question:
        return question(bundle, max_tokens=self._max_tokens)

    def _ask(self, bundles: Iterable[Bundle], questions: Sequence[Question]) -> list[Chain | Unanswered]:
        results = chat(self.name, self._endpoint).ask(questions)
        return [_chain(bundle, result) for bundle, result in zip(bundles, results, strict=True)]


def _chain(bundle: Bundle, result: Result) -> Chain | Unanswered:
    if isinstance(result, Unanswered):
        return result
    if isinstance(result, RefusedQuestion):
        return Chain((), f"the server would not answer: {result.reason}", result.raw, result.usage)
    try:
        steps = read_chain(result.text, signs(bundle), cut=result.finish == "length")
    except UnreadableChainError as error:
        return Chain((), error.reason, result.text, result.usage)
    return Chain(steps, None, result.text, result.usage)
