"""A sidecar is asked in batches, and every item has an end of its own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fault_server import FaultServer

from osmo.annotators.answer import Unanswered
from osmo.annotators.transports.predicting import Predicted
from osmo.annotators.transports.question import Refused
from osmo.annotators.transports.sidecar import NoSidecarError, SidecarClient, SidecarResult
from osmo.schemas.endpoints import Endpoint
from osmo.schemas.prescreen_contract import Item

REVISION = "0123456789abcdef0123456789abcdef01234567"
INFO = {
    "contract": "prescreen/1", "model_id": "tiny", "revision": REVISION, "weights_sha256": "a" * 64,
    "license": "Apache-2.0", "modalities": ["text"], "languages": ["en"], "max_clip_s": 30.0,
    "label_support": ["joy"], "deterministic": True, "max_batch": 4,
}  # fmt: skip
OK = {"status": "ok", "raw_text": "joy!", "label": "joy", "latency_ms": 3, "tokens_in": 9, "tokens_out": 2}
REST = {"status": "ok", "raw_text": "x", "label": None, "latency_ms": 1}
Ask = Callable[..., list[SidecarResult]]


def item(name: str) -> Item:
    return Item(segment_id=name, labels=["joy", "anger"], prompt_id="p", prompt="How does the wearer feel?")


def client_of(server: FaultServer, **changes: object) -> SidecarClient:
    quick = {"timeout_s": 5, "backoff_s": 0.01, "max_backoff_s": 0.02, "max_attempts": 3}
    values = {"url": server.url, "transport": "prescreen", "model": "tiny", "revision": REVISION, **quick, **changes}
    return SidecarClient("tiny", Endpoint.model_validate(values))


@pytest.fixture
def ask() -> Iterator[Ask]:
    clients: list[SidecarClient] = []

    def predict(server: FaultServer, names: str, **changes: object) -> list[SidecarResult]:
        server.info = server.info or INFO
        clients.append(client_of(server, **changes))
        return clients[-1].predict((lambda name=name: item(name)) for name in names.split())  # type: ignore[misc]

    yield predict
    for client in clients:
        client.close()


def test_items_go_in_batches_that_both_sides_can_take(ask: Ask) -> None:
    with FaultServer(keep=True) as server:
        results = ask(server, "a b c d e f g h i", batch_size=100)
        assert sorted(len(body["items"]) for body in server.bodies) == [1, 4, 4]
        assert server.gets == {"/v1/info": 1}
        ask(server, "a b c", batch_size=2)
        assert sorted(len(body["items"]) for body in server.bodies[3:]) == [1, 2]
    assert [result.segment_id for result in results if isinstance(result, Predicted)] == list("abcdefghi")
    [first, *_] = results
    assert isinstance(first, Predicted)
    assert (first.label, first.raw_text, first.status) == ("joy", "joy!", "ok")
    usage = first.usage
    assert (usage.tokens_in, usage.tokens_out, usage.latency_ms, usage.attempts) == (9, 2, 1.5, 1)


def test_what_is_sent_is_the_contracts_item(ask: Ask) -> None:
    with FaultServer(keep=True) as server:
        ask(server, "a")
    assert server.bodies == [{"items": [item("a").model_dump()]}]


def test_nothing_to_predict_is_nothing(ask: Ask) -> None:
    with FaultServer() as server:
        assert ask(server, "") == []


@pytest.mark.parametrize(
    ("prediction", "reason"),
    [
        ({**OK, "label": "happy"}, "unreadable: label 'happy' is none of those asked for"),
        ({**OK, "raw_text": None}, "unreadable: the prediction is ok and has no raw_text"),
        ({**OK, "status": "fine"}, "unreadable: the prediction is not of the form expected: status: "),
        ({**OK, "latency_ms": -1}, "unreadable: the prediction is not of the form expected: latency_ms: "),
        ({**OK, "segment_id": "foreign"}, "unreadable: 0 predictions for one item, and 1 that nobody asked for"),
        ({**OK, "segment_id": "a"}, "unreadable: 0 predictions for one item"),
    ],
)
def test_one_item_that_cannot_be_read_costs_only_itself(prediction: dict[str, Any], reason: str, ask: Ask) -> None:
    def label(item: dict[str, Any]) -> dict[str, Any]:
        return prediction if item["segment_id"] == "bad" else OK

    with FaultServer(label=label, keep=True) as server:
        results = ask(server, "b bad c d")
    [good, bad, *others] = results
    assert all(isinstance(result, Predicted) and result.usage.attempts == 1 for result in (good, *others))
    assert isinstance(bad, Refused)
    assert bad.reason.startswith(reason)
    assert bad.usage.attempts == 3
    asked = [[one["segment_id"] for one in body["items"]] for body in server.bodies]
    assert asked == [["b", "bad", "c", "d"], ["bad"], ["bad"]], "only what is missing is asked for again"


def test_two_predictions_for_one_item_are_none(ask: Ask) -> None:
    def label(item: dict[str, Any]) -> dict[str, Any]:
        return {**OK, "segment_id": "a"}

    with FaultServer(label=label) as server:
        results = ask(server, "a b")
    reasons = [result.reason for result in results if isinstance(result, Refused)]
    assert reasons == [f"unreadable: {count} predictions for one item; expected one" for count in (2, 0)]


def test_a_failed_item_is_tried_again_and_stays_open(ask: Ask) -> None:
    tries = {"a": 0, "b": 0}

    def label(item: dict[str, Any]) -> dict[str, Any]:
        name = item["segment_id"]
        tries[name] += 1
        failing = name == "b" or tries[name] < 2
        return {**REST, "status": "failed", "error": "out of\nmemory"} if failing else OK

    with FaultServer(label=label) as server:
        a, b = ask(server, "a b")
    assert isinstance(a, Predicted) and a.usage.attempts == 2
    assert isinstance(b, Unanswered)
    assert b.problem == "the sidecar failed: out of memory (try 3 of 3)"
    assert (b.attempts, b.gone) == (3, False)


def test_a_refused_item_is_refused_at_once_with_what_was_said(ask: Ask) -> None:
    with FaultServer(label=lambda _: {**REST, "status": "refused", "error": "clip too long"}) as server:
        [result] = ask(server, "a")
        assert server.posts == 1
    assert isinstance(result, Refused)
    assert (result.reason, result.raw) == ("refused: clip too long", "x")


@pytest.mark.parametrize("status", [400, 413, 422, 500])
def test_an_item_that_spoils_its_request_costs_only_itself(status: int, ask: Ask) -> None:
    def script(_: int, said: Any) -> str | None:
        return f"status:{status}" if any(one["segment_id"] == "bad" for one in said["items"]) else None

    with FaultServer(script=script) as server:
        a, bad, c = ask(server, "a bad c")
    assert isinstance(a, Predicted) and isinstance(c, Predicted)
    assert (a.segment_id, c.segment_id) == ("a", "c")
    if status == 500:
        assert isinstance(bad, Unanswered) and not bad.gone and bad.attempts == 6
    else:
        assert isinstance(bad, Refused) and bad.reason == f"refused: {status} no" and bad.usage.attempts == 2


def test_equal_ids_are_asked_about_one_by_one(ask: Ask) -> None:
    with FaultServer(keep=True) as server:
        results = ask(server, "a a b")
    assert [result.segment_id for result in results if isinstance(result, Predicted)] == ["a", "a", "b"]
    assert [len(body["items"]) for body in server.bodies] == [1, 1, 1]


@pytest.mark.parametrize(
    ("info", "problem"),
    [
        ({**INFO, "model_id": "other"}, "it serves 'other', and 'tiny' was expected"),
        ({**INFO, "revision": "f" * 40}, f"it serves revision '{'f' * 40}', and '{REVISION}' was expected"),
        (
            {**INFO, "contract": "prescreen/2"},
            "it does not say what it serves: the answer is not of the form",
        ),
        ({}, "404 Not Found"),
    ],
)
def test_another_sidecar_is_asked_nothing(info: dict[str, Any], problem: str) -> None:
    with FaultServer(info=info) as server:
        client = client_of(server)
        results = client.predict([lambda: item("a"), lambda: item("b")])
        with pytest.raises(NoSidecarError, match=r"models\.tiny at http"):
            client.info()
        client.close()
        assert server.posts == 0
    assert all(isinstance(result, Unanswered) and result.gone for result in results)
    assert isinstance(results[0], Unanswered)
    assert results[0].problem.startswith(problem)


def test_the_hash_of_the_weights_pins_too() -> None:
    with FaultServer(info=INFO) as server:
        client = client_of(server, revision=f"sha256:{'a' * 64}")
        assert client.info().revision == REVISION
        client.close()


def test_items_are_built_only_when_they_are_about_to_be_sent() -> None:
    built: list[int] = []

    def build(number: int) -> Item:
        built.append(number)
        return item(f"s{number}")

    def broken() -> Item:
        raise OSError("the file is gone")

    with FaultServer(info=INFO, script=lambda *_: "status:401") as server:
        client = client_of(server, concurrency=2, batch_size=2)
        results = client.predict((lambda n=n: build(n)) for n in range(1000))  # type: ignore[misc]
        assert len(results) == 1000 and all(isinstance(result, Unanswered) and result.gone for result in results)
        assert len(built) <= 8
        client.close()
    with FaultServer(info=INFO) as server:
        client = client_of(server)
        with pytest.raises(OSError, match="the file is gone"):
            client.predict([broken])
        client.close()
