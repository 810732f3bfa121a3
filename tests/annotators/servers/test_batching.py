"""Batches across requests: how many go together, how long they wait, and whose fault is whose."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from osmo.annotators.servers.backend import Card, EngineDeadError, Prepared, Refusal, Reply
from osmo.annotators.servers.batching import AILING_AFTER, Batcher, Failure, Outcome, one_line

CARD = Card("recording", "none", ("text",), ("en",), 30.0, ("joy",))


class Recording:
    """A backend that keeps its calls; an item's prompt says what it does with it."""

    card = CARD

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.threads: set[int] = set()
        self.short = False

    def weights(self) -> Sequence[Path]:
        return []

    def load(self) -> None:
        self.threads.add(threading.get_ident())

    def predict(self, items: Sequence[Prepared]) -> Sequence[Reply | Refusal]:
        prompts = [item.prompt for item in items]
        self.calls.append(prompts)
        self.threads.add(threading.get_ident())
        if "dead" in prompts:
            raise EngineDeadError("it is over")
        if "cuda" in prompts:
            raise RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be …")
        if "memory" in prompts:
            raise RuntimeError("CUDA error: out of memory")
        if "bad" in prompts:
            raise ValueError("a bad item")
        return [Reply(prompt.upper()) for prompt in prompts][: -1 if self.short else None]


def item(prompt: str) -> Prepared:
    return Prepared(prompt, ("joy",))


def run(work: Callable[[Batcher, Recording], Awaitable[None]], **options: float) -> None:
    """Do something with a batcher that runs."""

    async def together() -> None:
        backend = Recording()
        fields = {"max_batch": 4, "max_wait_s": 0.05, "max_in_hand": 64, **options}
        batcher = Batcher(backend, int(fields["max_batch"]), fields["max_wait_s"], int(fields["max_in_hand"]))
        assert await batcher.load() is None
        serving = asyncio.create_task(batcher.run())
        try:
            await asyncio.wait_for(work(batcher, backend), 30)
        finally:
            serving.cancel()
            batcher.close()

    asyncio.run(together())


async def outcomes(batcher: Batcher, *prompts: str) -> list[Outcome]:
    return await asyncio.gather(*batcher.submit([item(prompt) for prompt in prompts]))


def test_what_waits_goes_together_up_to_max_batch_and_comes_back_in_order() -> None:
    async def work(batcher: Batcher, backend: Recording) -> None:
        found = await outcomes(batcher, *"abcdefghij")
        assert found == [Reply(letter.upper()) for letter in "abcdefghij"]
        assert backend.calls == [list("abcd"), list("efgh"), list("ij")]

    run(work)


def test_requests_of_several_clients_share_a_batch() -> None:
    async def work(batcher: Batcher, backend: Recording) -> None:
        await asyncio.gather(*(outcomes(batcher, letter) for letter in "abcd"))
        assert backend.calls == [list("abcd")]

    run(work, max_wait_s=5.0)


def test_a_full_batch_waits_for_nobody_and_one_alone_not_for_ever() -> None:
    async def work(batcher: Batcher, backend: Recording) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await outcomes(batcher, *"abcd")
        assert loop.time() - started < 5
        batcher.max_wait_s = 0.02
        await outcomes(batcher, "e")
        assert backend.calls == [list("abcd"), ["e"]]

    run(work, max_wait_s=20.0)


def test_one_thread_loads_and_asks() -> None:
    async def work(batcher: Batcher, backend: Recording) -> None:
        await outcomes(batcher, *"abcdefgh")
        assert len(backend.threads) == 1
        assert threading.get_ident() not in backend.threads

    run(work)


def test_an_item_that_fails_takes_nobody_of_its_batch_with_it() -> None:
    async def work(batcher: Batcher, backend: Recording) -> None:
        found = await outcomes(batcher, "a", "bad", "c")
        assert found == [Reply("A"), Failure("ValueError: a bad item"), Reply("C")]
        assert backend.calls == [["a", "bad", "c"], ["a"], ["bad"], ["c"]]
        assert batcher.condition.ill is None

    run(work)


def test_failures_in_a_row_make_it_ill_and_one_answer_well() -> None:
    async def work(batcher: Batcher, backend: Recording) -> None:
        for _ in range(AILING_AFTER):
            assert batcher.condition.ill is None
            await outcomes(batcher, "bad")
        assert batcher.condition.ill == "the last 3 calls of the model failed: ValueError: a bad item"
        assert batcher.condition.closed is None, "it is asked all the same"
        await outcomes(batcher, "a")
        assert batcher.condition.ill is None

    run(work)


@pytest.mark.parametrize(("prompt", "dead"), [("dead", True), ("cuda", True), ("memory", False)])
def test_after_some_errors_a_model_answers_nothing_more(prompt: str, dead: bool) -> None:
    async def work(batcher: Batcher, backend: Recording) -> None:
        [first] = await outcomes(batcher, prompt)
        assert isinstance(first, Failure)
        assert "\n" not in first.what
        assert (batcher.condition.dead is not None) == dead
        [second] = await outcomes(batcher, "a")
        assert isinstance(second, Failure if dead else Reply)
        assert len(backend.calls) == (1 if dead else 2), "a dead model is not asked"

    run(work)


def test_a_backend_that_gives_too_few_replies_fails_them() -> None:
    async def work(batcher: Batcher, backend: Recording) -> None:
        backend.short = True
        [one] = await outcomes(batcher, "a")
        assert one == Failure("RuntimeError: the backend gave 0 replies for 1 items")

    run(work)


def test_places_are_taken_whole_or_not_at_all() -> None:
    batcher = Batcher(Recording(), 4, 0.0, 5)
    assert batcher.take(3)
    assert not batcher.take(3)
    assert batcher.take(2)
    batcher.give_back(4)
    assert batcher.in_hand == 1


def test_a_model_that_cannot_be_loaded_is_never_ready() -> None:
    class Unloadable(Recording):
        def load(self) -> None:
            raise OSError("no file")

    async def work() -> None:
        batcher = Batcher(Unloadable(), 4, 0.0, 5)
        assert isinstance(await batcher.load(), OSError)
        assert batcher.condition.closed == "the model died: OSError: no file. Start the sidecar anew"

    asyncio.run(work())


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo"), "ValueError: one"),
        (KeyError(), "KeyError"),
        (RuntimeError("x" * 999), f"RuntimeError: {'x' * 285}…"),
    ],
)
def test_an_error_is_one_line(error: Exception, line: str) -> None:
    assert one_line(error) == line
