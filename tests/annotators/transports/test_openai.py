"""A chat server is asked as vLLM documents it, and nothing that it does ends in silence or shows the key."""

import base64
import logging
import threading
import time
from collections.abc import Iterator

import pytest
from fault_server import FaultServer
from pydantic import JsonValue

from osmo.annotators.answer import Unanswered
from osmo.annotators.transports.failures import causes
from osmo.annotators.transports.keys import MissingKeyError
from osmo.annotators.transports.openai import OpenAIChat
from osmo.annotators.transports.question import Answer, Attachment, Question, Refused, Result
from osmo.schemas.endpoints import Endpoint, MissingEndpointError, UnpinnedModelError

REVISION = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40
SERVED = f"org/tiny@{REVISION}"
KEY = "sk-canary-0123456789"


def endpoint(server: FaultServer | None = None, **changes: object) -> Endpoint:
    url = "http://127.0.0.1:9/v1" if server is None else f"{server.url}/v1"
    quick = {"timeout_s": 5, "backoff_s": 0.01, "max_backoff_s": 0.02, "max_attempts": 3}
    return Endpoint.model_validate({"url": url, "model": "org/tiny", "revision": REVISION, **quick, **changes})


def ask(server: FaultServer, *questions: Question, **changes: object) -> list[Result]:
    chat = OpenAIChat("tiny", endpoint(server, **changes))
    try:
        return chat.ask(questions)
    finally:
        chat.close()


def ask_one(server: FaultServer, **changes: object) -> Result:
    [result] = ask(server, Question("", "How does she feel?"), **changes)
    return result


@pytest.fixture
def keeping() -> Iterator[FaultServer]:
    with FaultServer(keep=True) as server:
        yield server


def test_a_plain_question_is_one_message_of_plain_text(keeping: FaultServer) -> None:
    ask(keeping, Question("", "How?", seed=7), max_tokens=33)
    assert keeping.bodies == [
        {
            "model": SERVED, "messages": [{"role": "user", "content": "How?"}],
            "temperature": 0, "seed": 7, "max_tokens": 33,
        }
    ]  # fmt: skip


def test_attachments_go_before_the_text_as_vllm_takes_them(keeping: FaultServer) -> None:
    attachments = tuple(
        Attachment(kind, lambda content=kind.encode(): content)  # type: ignore[misc]
        for kind in ("audio", "video", "image")
    )
    ask(keeping, Question("Be brief.", "How?", attachments, max_tokens=5), served_name="qwen")
    [body] = keeping.bodies
    data = {kind: base64.b64encode(kind.encode()).decode() for kind in ("audio", "video", "image")}
    assert body["model"] == "qwen" and body["max_tokens"] == 5
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "input_audio", "input_audio": {"data": data["audio"], "format": "wav"}},
                {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{data['video']}"}},
                {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data['image']}"}},
                {"type": "text", "text": "How?"},
            ],
        },
    ]


SCHEMA: JsonValue = {"type": "object", "properties": {"label": {"type": "string"}}}
CHOICES = {"type": "string", "enum": ["joy", "anger"]}


@pytest.mark.parametrize(
    ("constraint", "question", "sent"),
    [
        ("response_format", Question("", "q", schema=SCHEMA),
         {"response_format": {"type": "json_schema",
                              "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}}),
        ("response_format", Question("", "q", choices=("joy", "anger")),
         {"response_format": {"type": "json_schema",
                              "json_schema": {"name": "answer", "schema": CHOICES, "strict": True}}}),
        ("structured_outputs", Question("", "q", schema=SCHEMA), {"structured_outputs": {"json": SCHEMA}}),
        ("structured_outputs", Question("", "q", choices=("joy", "anger")),
         {"structured_outputs": {"choice": ["joy", "anger"]}}),
        ("none", Question("", "q", schema=SCHEMA), {}),
        ("none", Question("", "q", choices=("joy", "anger")), {}),
        ("structured_outputs", Question("", "q"), {}),
    ],
)  # fmt: skip
def test_a_constraint_is_sent_in_current_words_only(
    constraint: str, question: Question, sent: dict[str, object], keeping: FaultServer
) -> None:
    ask(keeping, question, constraint=constraint)
    [body] = keeping.bodies
    usual = {"model", "messages", "temperature", "seed", "max_tokens"}
    assert {name: value for name, value in body.items() if name not in usual} == sent
    # vLLM answers these with 200, unconstrained.
    assert "guided_json" not in body and "guided_choice" not in body


def test_an_answer_says_what_it_took() -> None:
    with FaultServer() as server:
        answer = ask_one(server)
    assert isinstance(answer, Answer)
    assert (answer.text, answer.finish) == ("answer to How does she feel?", "stop")
    usage = answer.usage
    assert (usage.tokens_in, usage.tokens_out, usage.attempts) == (11, 3, 1)
    assert usage.latency_ms is not None and usage.latency_ms > 0


def test_a_huge_answer_is_cut_and_counts_as_cut() -> None:
    with FaultServer(chat=lambda _: "x" * 1_500_000) as server:
        answer = ask_one(server)
    assert isinstance(answer, Answer)
    assert (len(answer.text), answer.finish) == (1_000_000, "length")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("off-schema", "unreadable: the answer is not of the form expected: choices.0.message.content: "),
        ("not-utf-8", "unreadable: the answer is not UTF-8"),
        ("wrong-type", "unreadable: the answer is text/html, not application/json"),
        ("long", "unreadable: the answer is longer than 8,000,000 bytes"),
        ("body:", "unreadable: the answer is not of the form expected: "),
        ("body:nonsense", "unreadable: the answer is not of the form expected: "),
        ('body:{"choices": []}', "unreadable: the answer is not of the form expected: choices: "),
        ('body:{"choices": [{"message": {"content": null}}]}', "unreadable: the answer is not of the form expected: "),
        ('body:{"choices": [{"message": {"content": "\\ud800"}}]}', "unreadable: the answer is not of the form"),
        ('body:{"usage": ' + '{"a":' * 5000, "unreadable: the answer is not of the form expected: "),
        ("status:202", "unreadable: 202 no"),
        ("status:400:{\"error\": {\"message\": \"too\\nlong\"}}", "refused: 400 too long"),
        ("status:413", "refused: 413 no"),
        ("status:415", "refused: 415 no"),
        ("status:422:{\"detail\": [{\"loc\": [\"body\", \"x\"], \"msg\": \"bad\", \"input\": \"secret\"}]}",
         "refused: 422 body.x: bad"),
    ],
)  # fmt: skip
def test_what_is_answered_and_useless_every_time_is_a_refusal_with_its_reason(fault: str, reason: str) -> None:
    with FaultServer(script=lambda _, said: None if "Answer with one" in str(said) else fault) as server:
        result = ask_one(server)
        assert isinstance(result, Refused)
        assert result.reason.startswith(reason)
        tries = 3 if reason.startswith("unreadable") else 1
        assert server.asked["How does she feel?"] == result.usage.attempts == tries


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("half", "the connection closed before the answer ended (try 3 of 3)"),
        ("reset", "the connection broke: "),
        ("status:500:oops", "500 oops (try 3 of 3)"),
        ("status:503", "503 no (try 3 of 3)"),
        ("429", "429 slow down (try 3 of 3)"),
        ("status:408", "408 no (try 3 of 3)"),
        ("status:425", "425 no (try 3 of 3)"),
    ],
)
def test_what_fails_on_the_way_every_time_stays_open(fault: str, problem: str) -> None:
    with FaultServer(script=lambda *_: fault) as server:
        result = ask_one(server)
    assert isinstance(result, Unanswered)
    assert result.problem.startswith(problem)
    assert (result.attempts, result.gone, result.where) == (3, False, f"{server.url}/v1")
    assert server.asked["How does she feel?"] == 3


def test_a_question_that_hangs_once_is_answered_in_time() -> None:
    with FaultServer(script=lambda number, _: "hang" if number == 0 else None) as server:
        started = time.monotonic()
        answer = ask_one(server, timeout_s=0.3)
    assert isinstance(answer, Answer)
    assert answer.usage.attempts == 2
    assert 0.3 <= time.monotonic() - started < 3


def test_garbage_and_trouble_on_the_way_together_stay_open() -> None:
    with FaultServer(script=lambda number, _: "off-schema" if number else "status:500") as server:
        result = ask_one(server)
    assert isinstance(result, Unanswered)


@pytest.mark.parametrize("header", ["0.3", "date"])
def test_retry_after_is_waited_for_and_never_longer_than_the_longest_wait(header: str) -> None:
    fault = "429" if header == "0.3" else "429-date"
    with FaultServer(script=lambda number, _: fault if number == 0 else None, retry_after_s=0.3) as server:
        started = time.monotonic()
        ask_one(server, backoff_s=0, max_backoff_s=30)
        assert time.monotonic() - started >= 0.3 or header == "date"
    with FaultServer(script=lambda number, _: fault if number == 0 else None, retry_after_s=3600) as server:
        started = time.monotonic()
        answer = ask_one(server, backoff_s=0, max_backoff_s=0.2)
        assert 0.2 <= time.monotonic() - started < 5
    assert isinstance(answer, Answer)


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_server_that_is_set_up_wrongly_is_gone_at_once(status: int) -> None:
    with FaultServer(script=lambda *_: f"status:{status}") as server:
        results = ask(server, *(Question("", f"q{n}") for n in range(50)), concurrency=1)
        assert server.posts == 1
    assert all(isinstance(result, Unanswered) and result.gone for result in results)
    [first, *_] = results
    assert isinstance(first, Unanswered)
    assert first.problem == f"{status} no"
    assert "models.tiny." in first.remedy
    assert sum(result.attempts for result in results if isinstance(result, Unanswered)) == 1


@pytest.mark.parametrize("fault", ["status:400", "status:422", "wrong-type"])
def test_a_server_that_refuses_everything_makes_no_abstentions(fault: str) -> None:
    with FaultServer(script=lambda *_: fault) as server:
        results = ask(server, *(Question("", f"q{n}") for n in range(20)), concurrency=4)
    assert all(isinstance(result, Unanswered) and result.gone for result in results)
    assert isinstance(results[0], Unanswered)
    assert results[0].problem.startswith("it does not answer the plainest question: ")


def test_a_redirect_is_tried_again_and_never_followed() -> None:
    with FaultServer(script=lambda number, _: "redirect" if number == 0 else None) as server:
        assert isinstance(ask_one(server), Answer)
        assert server.elsewhere == b""


def test_a_server_that_only_redirects_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)
    with FaultServer(script=lambda *_: "redirect") as server:
        results = ask(server, Question("", "a"), Question("", "b"), api_key_variable="TINY_KEY", concurrency=1)
        assert server.elsewhere == b""
        assert server.posts == 3
    assert [isinstance(result, Unanswered) and result.gone for result in results] == [True, True]
    assert isinstance(results[0], Unanswered)
    assert results[0].problem == "it answers with a redirect only: 302 Found"
    assert "models.tiny.url" in results[0].remedy


def test_without_its_key_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TINY_KEY", raising=False)
    with FaultServer() as server:
        chat = OpenAIChat("tiny", endpoint(server, api_key_variable="TINY_KEY"))
        with pytest.raises(MissingKeyError, match=r"models\.tiny\.api_key_variable names TINY_KEY.* is not set"):
            chat.ask([Question("", "q")])
        monkeypatch.setenv("TINY_KEY", "two\nlines")
        with pytest.raises(MissingKeyError, match="holds characters that no key has"):
            chat.ask([Question("", "q")])
        assert server.posts == 0 and not server.gets
        monkeypatch.setenv("TINY_KEY", f" {KEY}\n")
        assert isinstance(chat.ask([Question("", "q")])[0], Answer)
        chat.close()
        assert set(server.headers) == {f"Bearer {KEY}"}


def test_key_prompt_and_media_are_shown_nowhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)
    prompt = "The wearer whispers that the canary sings in the cellar at night"
    media = b"canary media " * 50
    quoted = base64.b64encode(media).decode()
    said = f'{{"error": {{"message": "bad key {KEY}, bad text: {prompt[10:50]}, bad data {quoted}"}}}}'
    faults = ["status:500:" + said, "half", "reset", "off-schema", "redirect", "hang", "status:401:" + said]
    shown: list[str] = []
    caplog.set_level(logging.DEBUG)
    threading.excepthook = lambda hooked: shown.append(repr(hooked.exc_value))
    for fault in [*faults, "status:400:" + said]:

        def script(_: int, said: object, fault: str = fault) -> str | None:
            return fault if "canary" in str(said) else None

        with FaultServer(script=script) as server:
            chat = OpenAIChat("tiny", endpoint(server, api_key_variable="TINY_KEY", timeout_s=0.3, max_attempts=2))
            question = Question(prompt, prompt, (Attachment("audio", lambda: media, 1.0),))
            [result] = chat.ask([question])
            assert not isinstance(result, Answer)
            line = result.problem if isinstance(result, Unanswered) else result.reason
            assert "\n" not in line
            shown += [line, repr(chat), repr(vars(chat)), repr(vars(chat._channel)), str(vars(chat._channel._lines[0]))]
            shown.append(repr(vars(chat._channel._lines[0].server)).replace(repr(server), ""))
            if isinstance(result, Refused):
                assert result.raw is not None and KEY not in result.raw
            chat.close()
    threading.excepthook = threading.__excepthook__
    shown += [record.getMessage() + repr(record.args) for record in caplog.records]
    assert any("try 1 failed" in line for line in shown), "the log is being looked at"
    for line in shown:
        assert KEY not in line
        assert "canary sings" not in line and quoted[:40] not in line


@pytest.mark.parametrize(
    ("models", "gone"),
    [
        (None, False),
        ([{"id": SERVED}], False),
        ([{"id": SERVED, "owned_by": "vllm"}, {"id": "lora", "owned_by": "vllm"}], False),
        ([{"id": "org/cached"}, {"id": "org/tiny"}, {"id": "org/tiny@refs/pr/1"}], False),
        ([{"id": f"org/tiny@{OTHER}"}], True),
        ([{"id": f"org/tiny@{OTHER}"}, {"id": SERVED}], False),
        ([{"id": "org/other", "owned_by": "vllm"}], True),
    ],
    ids=["no-list", "listed", "vllm-lists-it", "a-cache", "another-revision", "both", "vllm-lists-others"],
)
def test_a_server_of_other_weights_is_asked_nothing(models: list[dict[str, str]] | None, gone: bool) -> None:
    with FaultServer(models=models) as server:
        result = ask_one(server)
        assert server.gets == {"/v1/models": 1}
        assert server.posts == (0 if gone else 1)
    if gone:
        assert isinstance(result, Unanswered) and result.gone
        assert models is not None
        assert result.problem == f"it serves {models[0]['id']}, and {SERVED} was expected"
    else:
        assert isinstance(result, Answer)


def test_an_endpoint_without_address_or_pin_is_an_error_at_once() -> None:
    with pytest.raises(MissingEndpointError):
        OpenAIChat("tiny", Endpoint(model="m", revision=REVISION))
    with pytest.raises(UnpinnedModelError):
        OpenAIChat("tiny", Endpoint(model="m", revision="main", url="http://h"))


def test_an_unpinned_model_goes_by_its_bare_name() -> None:
    with FaultServer(keep=True) as server:
        ask_one(server, revision=None, allow_unpinned=True)
    assert server.bodies[0]["model"] == "org/tiny"


def test_every_cause_says_why_and_what_to_do() -> None:
    for cause in causes().values():
        assert cause.why
        assert cause.remedy or cause.outcome == "refused"
        assert cause.outcome in ("open", "unreadable", "moved", "refused", "misconfigured")
