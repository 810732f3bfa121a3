"""A language model as writer, through a real server."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from osmo.annotators import registry
from osmo.annotators.answer import Unanswered
from osmo.annotators.llm.chain_question import MAX_TOKENS, PROMPT_SHA
from osmo.annotators.llm.composer import create_writer
from osmo.annotators.llm.writing import LlmWriter
from osmo.annotators.writer import Chain, Refused, Rewriter
from osmo.schemas.endpoints import Endpoint, Models
from osmo.tasks.chain_check import check_chain

Server = Callable[[str], Any]
PINNED = "5f0b02c75b57c5855da9ae460ce51323ea669d8a"


def endpoint(**changed: object) -> Endpoint:
    given = {"url": "http://127.0.0.1:9/v1", "model": "a/model", "revision": PINNED}
    return Endpoint.model_validate(given | changed)


def test_it_is_found_by_its_name_and_can_be_asked_again() -> None:
    writer = registry.writer("llama3", Models({"llama3": endpoint()}))
    assert isinstance(writer, Rewriter) and not isinstance(registry.writer("composer"), Rewriter)
    assert writer.name == "llama3" and writer.prompt_sha == PROMPT_SHA
    assert writer.revision.startswith(f"a/model@{PINNED}+")


def test_what_changes_an_answer_changes_the_revision_and_nothing_else_does() -> None:
    plain = LlmWriter("llama3", endpoint()).revision
    for changed in ({"revision": "0" * 40}, {"model": "b/model"}, {"constraint": "none"}, {"max_tokens": 4_096}):
        assert LlmWriter("llama3", endpoint(**changed)).revision != plain
    for same in ({"url": "http://127.0.0.1:10/v1"}, {"timeout_s": 1.0}, {"concurrency": 1}, {"max_tokens": MAX_TOKENS}):
        assert LlmWriter("llama3", endpoint(**same)).revision == plain


def test_a_writer_loads_no_client_until_it_writes() -> None:
    code = (
        "import sys\nfrom osmo.annotators import registry\nfrom osmo.schemas.endpoints import Endpoint, Models\n"
        f"one = Endpoint(url='http://127.0.0.1:9/v1', model='m', revision='{PINNED}')\n"
        "assert registry.writer('llama3', Models({'llama3': one})).revision\n"
        "assert not {'aiohttp', 'torch', 'transformers', 'osmo.annotators.llm.judging'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_chain_that_a_server_answers_is_read_and_passes(chain_bundles: ModuleType, answering_server: Server) -> None:
    bundle = chain_bundles.ENGLISH
    text = chain_bundles.answer_text(bundle)
    writer = LlmWriter("llama3", answering_server(text).endpoint())
    chains = writer.write([bundle, bundle])
    for chain in chains:
        assert isinstance(chain, Chain) and chain.unread is None
        assert chain.steps == create_writer().write([bundle])[0].steps and check_chain(bundle, chain.steps) == []
        assert chain.raw_text == text and chain.usage.attempts == 1
        assert chain.usage.latency_ms is not None and chain.usage.latency_ms > 0
        assert chain.usage.tokens_in is None or chain.usage.tokens_in > 1_000
    other = chain_bundles.BARE
    [chain] = writer.write([other])
    assert isinstance(chain, Chain) and check_chain(other, chain.steps), "another event's chain breaks the rules"


def test_an_answer_that_is_no_chain_says_why(chain_bundles: ModuleType, answering_server: Server) -> None:
    writer = LlmWriter("llama3", answering_server("I cannot help with that.").endpoint())
    bundle = chain_bundles.MANDARIN
    [chain] = writer.write([bundle])
    why = "the answer is not one JSON object and nothing else"
    assert isinstance(chain, Chain) and (chain.steps, chain.unread) == ((), why)
    assert chain.raw_text == "I cannot help with that."
    [again] = writer.write_again([Refused(bundle, chain, (f"unreadable: {why}",))])
    assert isinstance(again, Chain) and again.unread == why and again.usage.attempts == 1


def test_where_nobody_answers_every_event_stays_open(chain_bundles: ModuleType) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    writer = LlmWriter("llama3", endpoint(url=url, max_attempts=2, backoff_s=0.05, gone_after_s=0.0, timeout_s=2.0))
    answers = writer.write([chain_bundles.ENGLISH] * 5)
    assert len(answers) == 5 and all(isinstance(one, Unanswered) for one in answers)
    assert any(isinstance(one, Unanswered) and one.gone for one in answers)


def test_nothing_is_asked_for_no_event() -> None:
    assert LlmWriter("llama3", endpoint()).write([]) == []
