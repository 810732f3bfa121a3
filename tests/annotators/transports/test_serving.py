"""The real server of transformers, on the CPU: what it answers is what its model says."""

from collections.abc import Callable
from typing import Any

import pytest

from osmo.annotators.answer import Unanswered
from osmo.annotators.transports.openai import OpenAIChat
from osmo.annotators.transports.opening import chat
from osmo.annotators.transports.question import Answer, Question, Result

ANSWER = '{"label": "joy", "why": "ha ha ha ha ha ha ha ha ha ha ha ha ha ha, 太好了,\ncafé"}'


@pytest.fixture(scope="module")
def server(answering_server: Callable[[str], Any]) -> Any:
    return answering_server(ANSWER)


def ask(server: Any, *questions: Question, **changes: object) -> list[Result]:
    asked = OpenAIChat("tiny", server.endpoint(backoff_s=0.01, max_attempts=2, **changes))
    results = asked.ask(questions)
    asked.close()
    return results


def test_it_answers_whatever_it_is_asked(server: Any) -> None:
    prompts = ["", "q", "中文 <|assistant|>", "word " * 2000, ANSWER]
    results = ask(server, *(Question("Be brief.", prompt, choices=("a", "b")) for prompt in prompts), concurrency=4)
    assert [result.text for result in results if isinstance(result, Answer)] == [ANSWER] * len(prompts)
    assert {result.finish for result in results if isinstance(result, Answer)} == {"stop"}
    long = results[3]
    assert isinstance(long, Answer)
    assert long.usage.tokens_in is not None and long.usage.tokens_in > 10_000
    assert long.usage.tokens_out is not None and 5 < long.usage.tokens_out < 12


def test_an_answer_is_cut_at_its_most_tokens(server: Any) -> None:
    [result] = ask(server, Question("", "q", max_tokens=2))
    assert isinstance(result, Answer)
    assert (result.text, result.finish, result.usage.tokens_out) == (ANSWER[:24], "length", 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"constraint": "structured_outputs"}, "422 Unexpected fields in the request: {'structured_outputs'}"),
        ({"served_name": "another"}, "400 Server is pinned to "),
        ({"url": "/"}, "404 Not Found"),
    ],
)
def test_what_is_set_up_wrongly_makes_no_abstention(changes: dict[str, str], said: str, server: Any) -> None:
    if "url" in changes:
        changes = {"url": server.url.removesuffix("/v1")}
    results = ask(server, *(Question("", f"q{n}", choices=("a", "b")) for n in range(8)), **changes)
    assert all(isinstance(result, Unanswered) and result.gone and said in result.problem for result in results)


def test_one_chat_serves_all_who_ask_the_same_endpoint(server: Any) -> None:
    endpoint = server.endpoint()
    assert chat("tiny", endpoint) is chat("tiny", server.endpoint())
    assert chat("tiny", endpoint).where == server.url
    [result] = chat("tiny", endpoint).ask([Question("", "q")])
    assert isinstance(result, Answer) and result.text == ANSWER


def test_the_same_weights_answer_the_same_in_this_process(server: Any) -> None:
    local = chat("tiny", server.endpoint(transport="local"))
    assert local.where == server.model
    assert [getattr(result, "text", None) for result in local.ask([Question("", "q")])] == [ANSWER]
