"""Questions to any OpenAI-compatible chat server: vLLM, transformers serve, and others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from osmo.annotators.answer import Unanswered
from osmo.annotators.transports.channel import Channel
from osmo.annotators.transports.chat_messages import chat_request
from osmo.annotators.transports.chat_replies import Completion, check_served
from osmo.annotators.transports.exchange import Reply, read_json
from osmo.annotators.transports.question import Question, Refused, Result
from osmo.annotators.transports.request import Door
from osmo.annotators.transports.said import Hidden
from osmo.annotators.transports.server import Server
from osmo.schemas.endpoints import Endpoint

PLAIN = Question("", "Answer with one word: yes or no?", choices=("yes", "no"), max_tokens=8)
"""What every chat server answers that is set up as the configuration says."""


@dataclass(frozen=True)
class _Completing:
    """A request for one completion."""

    request: bytes
    texts: tuple[str, ...]
    path: str = "/chat/completions"

    def body(self) -> bytes:
        return self.request

    def read(self, reply: Reply, hidden: Hidden) -> Completion:
        return read_json(reply, Completion, hidden)


class OpenAIChat:
    """A model behind an OpenAI-compatible server; see `Chat`."""

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        """Bind it; nothing is sent before the first question.

        Args:
            name: The annotator, for messages.
            endpoint: Where and how.

        Raises:
            MissingEndpointError: The endpoint has no address or no model.
            UnpinnedModelError: The model's revision is not pinned.
        """
        identity = endpoint.identity(name)
        self._where = endpoint.address(name)
        self._endpoint = endpoint
        # An unpinned model without revision is known by its bare name.
        self._model = endpoint.served_name or (identity if endpoint.revision else str(endpoint.model))
        plain = _Completing(chat_request(PLAIN, endpoint, self._model), ())
        self._channel = Channel(name, endpoint, Door("/models", partial(check_served, served=self._model), plain))

    @property
    def where(self) -> str:
        """Address of the server."""
        return self._where

    def ask_each(self, questions: Iterable[Question]) -> Iterator[tuple[int, Result]]:
        """Ask many; see `Chat`.

        Raises:
            MissingKeyError: The environment lacks the key, before anything is sent.
        """
        return self._channel.each(questions, self._one, gone=_gone, away=lambda _, unanswered: unanswered)

    def ask(self, questions: Iterable[Question]) -> list[Result]:
        """One result per question, in order; raises as `ask_each` does."""
        return [result for _, result in sorted(self.ask_each(questions), key=lambda one: one[0])]

    def close(self) -> None:
        """End the connections; the next question opens them again."""
        self._channel.close()

    async def _one(self, server: Server, question: Question) -> Result:
        async with server.place():
            if (gone := server.gone()) is not None:
                return gone
            if question.attachments:
                loop = asyncio.get_running_loop()
                request = await loop.run_in_executor(None, chat_request, question, self._endpoint, self._model)
            else:
                request = chat_request(question, self._endpoint, self._model)
            ended = await server.ask(_Completing(request, (question.system, question.text)))
        if isinstance(ended, Refused | Unanswered):
            return ended
        return ended.value.answer(ended.usage)


def _gone(result: Result) -> Unanswered | None:
    return result if isinstance(result, Unanswered) and result.gone else None
