"""Questions to a model in this process: Qwen2-Audio, or any text-only model that transformers knows."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from osmo.annotators.answer import Usage
from osmo.annotators.transports.question import Answer, Question, Refused, Result
from osmo.annotators.transports.wav import UnreadableWavError, samples
from osmo.annotators.transports.weights import check_weights
from osmo.schemas.endpoints import Endpoint

if TYPE_CHECKING:
    from osmo.annotators.transports.local_model import LocalModel, Prompt


class LocalChat:
    """A model in this process; see `Chat`. Loaded at the first question, and kept.

    Answers are greedy, and those to questions with choices are the likeliest choice. In float32 they do not depend on
    what else is in the batch; in shorter formats two tokens that are all but equally likely may change places. A
    schema is not enforced.
    """

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        """Bind it; nothing is loaded yet.

        Args:
            name: The annotator, for messages.
            endpoint: Its model is a folder of safetensors, its revision their hash.

        Raises:
            MissingEndpointError: The endpoint names no model.
            UnpinnedModelError: Its revision is not pinned.
        """
        endpoint.identity(name)
        self._endpoint = endpoint
        self._folder = Path(endpoint.model or "")
        self._lock = threading.Lock()
        self._model: LocalModel | None = None

    @property
    def where(self) -> str:
        """Folder of the weights."""
        return str(self._folder)

    def ask_each(self, questions: Iterable[Question]) -> Iterator[tuple[int, Result]]:
        """Ask many, a batch at a time; see `Chat`.

        Raises:
            WeightsError: The folder has no safetensors, or not the pinned ones.
        """
        left = iter(enumerate(questions))
        while batch := list(itertools.islice(left, self._endpoint.batch_size)):
            with self._lock:
                results = self._answered(self._loaded(), [question for _, question in batch])
            yield from zip((position for position, _ in batch), results, strict=True)

    def ask(self, questions: Iterable[Question]) -> list[Result]:
        """One result per question, in order; raises as `ask_each` does."""
        return [result for _, result in self.ask_each(questions)]

    def close(self) -> None:
        """Let go of the model; the next question loads it again."""
        with self._lock:
            self._model = None

    def _loaded(self) -> LocalModel:
        if self._model is None:
            check_weights(self._folder, self._endpoint.revision, allow_unpinned=self._endpoint.allow_unpinned)
            # Torch takes seconds to import, and only this needs it.
            from osmo.annotators.transports.local_model import LocalModel

            self._model = LocalModel(self._folder)
        return self._model

    def _answered(self, model: LocalModel, questions: Sequence[Question]) -> list[Result]:
        """One result per question, in order; questions of one kind make one batch."""
        results: dict[int, Result] = {}
        kinds: dict[tuple[str, ...] | None, list[tuple[int, Prompt]]] = defaultdict(list)
        for place, question in enumerate(questions):
            prompt = _prompt(model, question)
            if isinstance(prompt, Refused):
                results[place] = prompt
            else:
                kinds[question.choices].append((place, prompt))
        for choices, asked in kinds.items():
            places, prompts = [place for place, _ in asked], [prompt for _, prompt in asked]
            started = time.perf_counter()
            if choices is None:
                limits = [questions[place].max_tokens or self._endpoint.max_tokens for place in places]
                written = model.write(prompts, limits)
            else:
                written = model.choose(prompts, choices)
            each_ms = (time.perf_counter() - started) * 1000 / len(asked)
            for place, one in zip(places, written, strict=True):
                usage = Usage(one.tokens_in, one.tokens_out, each_ms)
                results[place] = Answer(one.text, "length" if one.cut else "stop", usage)
        return [results[place] for place in range(len(questions))]


def _prompt(model: LocalModel, question: Question) -> Prompt | Refused:
    """What the model is given, or why it cannot be."""
    from osmo.annotators.transports.local_model import Prompt

    sounds = []
    for attachment in question.attachments:
        if attachment.kind != "audio" or not model.listens:
            return Refused(f"refused: a model of this kind takes no {attachment.kind} in this process")
        try:
            sounds.append(samples(attachment.content(), model.sample_rate_hz))
        except UnreadableWavError as error:
            return Refused(f"refused: {error}")
    return Prompt(question.system, question.text, tuple(sounds))
