"""Items to a sidecar that speaks prescreen/1: packed into requests, matched by id, each with an end of its own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from osmo.annotators.answer import Unanswered, Usage
from osmo.annotators.transports.channel import Channel
from osmo.annotators.transports.exchange import Reply, read_json
from osmo.annotators.transports.failures import failed
from osmo.annotators.transports.predicting import Predicted, Predicting
from osmo.annotators.transports.question import Refused
from osmo.annotators.transports.request import Door
from osmo.annotators.transports.said import Hidden
from osmo.annotators.transports.server import Server
from osmo.schemas.endpoints import Endpoint
from osmo.schemas.prescreen_contract import Info, Item

Builder = Callable[[], Item]
SidecarResult = Predicted | Refused | Unanswered

_SPLITS = ("refused: 400", "refused: 413", "refused: 422")
"""What a sidecar says of a request for the sake of one item in it."""


class NoSidecarError(RuntimeError):
    """A sidecar that says nothing of itself, or serves another model than is configured."""

    def __init__(self, name: str, why: Unanswered) -> None:
        self.why = why
        super().__init__(f"models.{name} at {why.where}: {why.problem}. {why.remedy}")


class SidecarClient:
    """One sidecar, safe to share between threads."""

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        """Bind it; nothing is sent before the first item.

        Args:
            name: The annotator, for messages.
            endpoint: Where and how.

        Raises:
            MissingEndpointError: The endpoint has no address or no model.
            UnpinnedModelError: The model's revision is not pinned.
        """
        endpoint.identity(name)
        self._where = endpoint.address(name)
        self._name = name
        self._endpoint = endpoint
        self._card = _Card(endpoint)
        self._channel = Channel(name, endpoint, Door("/v1/info", self._card.look))

    @property
    def where(self) -> str:
        """Address of the sidecar."""
        return self._where

    def info(self) -> Info:
        """What the sidecar says of itself; its model and revision are the endpoint's.

        Raises:
            NoSidecarError: It says nothing, or serves another model or revision.
            MissingKeyError: The environment lacks the key.
        """
        unmet = self._channel.run(lambda server: server.meet())
        if unmet is not None:
            raise NoSidecarError(self._name, unmet)
        assert self._card.info is not None, "who was met has said who it is"
        return self._card.info

    def predict(self, items: Iterable[Builder]) -> list[SidecarResult]:
        """One result per item, in order.

        Args:
            items: Each gives its item when it is about to be sent, in a thread of its own; taken as places become
                free.

        Raises:
            MissingKeyError: The environment lacks the key, before anything is sent.
        """
        try:
            size = min(self._endpoint.batch_size, self.info().max_batch)
        except NoSidecarError as error:
            # Whoever is not there at the first item is not there for the others of this call.
            return [replace(error.why, attempts=0 if place else error.why.attempts) for place, _ in enumerate(items)]
        packs = dict(self._channel.each(_packed(items, size), self._predict, gone=_gone, away=_away))
        return [result for place in sorted(packs) for result in packs[place]]

    def close(self) -> None:
        """End the connections; the next item opens them again."""
        self._channel.close()

    async def _predict(self, server: Server, pack: Sequence[Builder]) -> list[SidecarResult]:
        async with server.place():
            if (gone := server.gone()) is not None:
                return [gone] * len(pack)
            items = await asyncio.get_running_loop().run_in_executor(None, _built, pack)
            if len({item.segment_id for item in items}) == len(items):
                return await _settled(server, items)
            # Answers are matched by id, so equal ids go one by one.
            return [result for item in items for result in await _settled(server, [item])]


class _Card:
    """What the sidecar says of itself, once that is what the endpoint says."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.info: Info | None = None

    def look(self, reply: Reply) -> None:
        info = read_json(reply, Info, Hidden())
        expected = self._endpoint
        if info.model_id != expected.model:
            raise failed("door", f"it serves {info.model_id[:120]!r}, and {expected.model!r} was expected")
        found = (info.revision, f"sha256:{info.weights_sha256}")
        if expected.revision is not None and expected.revision not in found:
            raise failed("door", f"it serves revision {info.revision[:120]!r}, and {expected.revision!r} was expected")
        self.info = info


async def _settled(server: Server, items: Sequence[Item]) -> list[SidecarResult]:
    """The end of each item; those that one bad item may have taken with it are asked about alone."""
    request = Predicting(items)
    ended = await server.ask(request)
    results: list[SidecarResult] = []
    for item in items:
        result = request.result(item, ended)
        if len(items) > 1 and _may_be_anothers_fault(result):
            [alone] = await _settled(server, [item])
            result = _with_attempts(alone, ended.attempts if isinstance(ended, Unanswered) else ended.usage.attempts)
        results.append(result)
    return results


def _may_be_anothers_fault(result: SidecarResult) -> bool:
    if isinstance(result, Refused):
        return result.reason.startswith(_SPLITS)
    return isinstance(result, Unanswered) and not result.gone and result.problem.startswith("5")


def _with_attempts(result: SidecarResult, more: int) -> SidecarResult:
    if isinstance(result, Unanswered):
        return replace(result, attempts=result.attempts + more)
    usage = result.usage + Usage(attempts=more)
    if isinstance(result, Refused):
        return replace(result, usage=usage)
    return result.model_copy(update={"usage": usage})


def _built(pack: Sequence[Builder]) -> list[Item]:
    return [build() for build in pack]


def _packed(items: Iterable[Builder], size: int) -> Iterator[tuple[Builder, ...]]:
    left = iter(items)
    while pack := tuple(itertools.islice(left, size)):
        yield pack


def _away(pack: Sequence[Builder], none: Unanswered) -> list[SidecarResult]:
    return [none for _ in pack]


def _gone(pack: list[SidecarResult]) -> Unanswered | None:
    return next((one for one in pack if isinstance(one, Unanswered) and one.gone), None)
