"""Thousands of questions to a server of which a tenth of all requests fail, in every way that is known."""

import pytest
from fault_server import FAULTS, FaultServer

from osmo.annotators.answer import Unanswered
from osmo.annotators.transports.openai import OpenAIChat
from osmo.annotators.transports.predicting import Predicted
from osmo.annotators.transports.question import Answer, Question
from osmo.annotators.transports.sidecar import SidecarClient
from osmo.schemas.endpoints import Endpoint
from osmo.schemas.prescreen_contract import Item

COUNT = 2000
KEY = "sk-canary-0123456789"
REVISION = "0123456789abcdef0123456789abcdef01234567"
INFO = {
    "contract": "prescreen/1", "model_id": "tiny", "revision": REVISION, "weights_sha256": "0" * 64,
    "license": "Apache-2.0", "modalities": ["text"], "languages": ["en"], "max_clip_s": 30.0,
    "label_support": ["joy"], "deterministic": True, "max_batch": 4,
}  # fmt: skip


def endpoint(server: FaultServer, **changes: object) -> Endpoint:
    return Endpoint.model_validate(
        {
            "url": server.url + ("/v1" if changes.get("transport", "chat") == "chat" else ""),
            "model": "tiny", "revision": REVISION, "api_key_variable": "TINY_KEY", "concurrency": 64, "batch_size": 8,
            "timeout_s": 2, "backoff_s": 0.01, "max_backoff_s": 0.05, "max_attempts": 8, **changes,
        }
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_question_ends_once_with_the_answer_to_it(seed: int) -> None:
    with FaultServer(share=0.1, seed=seed, models=[{"id": "other"}]) as server:
        chat = OpenAIChat("tiny", endpoint(server))
        results = list(chat.ask_each(Question("", f"question {n}") for n in range(COUNT)))
        chat.close()
    assert sorted(position for position, _ in results) == list(range(COUNT))
    for position, result in results:
        assert isinstance(result, Answer), result
        assert result.text == f"answer to question {position}"
        assert server.asked[f"question {position}"] == result.usage.attempts, "each try is counted"
    assert set(server.answered.values()) == {1}, "none was answered twice"
    assert set(server.faults) == set(FAULTS)
    assert server.posts == COUNT + sum(server.faults.values())
    assert server.most_at_once <= 64
    assert set(server.headers) == {f"Bearer {KEY}"}
    assert server.elsewhere == b"", "what redirects lead to hears nothing, the key least of all"


@pytest.mark.parametrize("seed", [3, 4])
def test_every_item_ends_once_with_its_own_prediction(seed: int) -> None:
    def label(item: dict[str, object]) -> dict[str, object]:
        return {"status": "ok", "raw_text": f"{item['segment_id']} said", "label": "joy", "latency_ms": 2}

    with FaultServer(share=0.1, seed=seed, info=INFO, label=label) as server:
        client = SidecarClient("tiny", endpoint(server, transport="prescreen"))
        results = client.predict((lambda n=n: item(n)) for n in range(COUNT))  # type: ignore[misc]
        client.close()
    assert len(results) == COUNT
    for place, result in enumerate(results):
        assert isinstance(result, Predicted), result
        assert (result.segment_id, result.raw_text) == (f"s{place}", f"s{place} said")
        assert server.asked[f"s{place}"] >= result.usage.attempts
    assert set(server.answered.values()) == {1}
    assert set(server.faults) == set(FAULTS)
    assert server.elsewhere == b""


def test_with_one_try_each_a_tenth_is_left_with_a_reason() -> None:
    with FaultServer(share=0.1, seed=5) as server:
        chat = OpenAIChat("tiny", endpoint(server, max_attempts=1, gone_after_s=30))
        results = chat.ask(Question("", f"question {n}") for n in range(COUNT))
        chat.close()
    assert len(results) == COUNT
    left = [result for result in results if not isinstance(result, Answer)]
    assert len(left) == sum(server.faults.values()) > COUNT / 20
    reasons = [result.problem if isinstance(result, Unanswered) else result.reason for result in left]
    assert all(reason and "\n" not in reason and KEY not in reason for reason in reasons)
    assert sum(reason.startswith("unreadable: ") for reason in reasons) == sum(
        server.faults[fault] for fault in ("not-utf-8", "wrong-type", "off-schema")
    )
    assert server.posts == COUNT, "what was not believed at first was asked for plainly, and answered"


def item(number: int) -> Item:
    return Item(segment_id=f"s{number}", labels=["joy", "anger"], prompt_id="p", prompt="How does the wearer feel?")
