"""Describers over a socket: what they send, and what becomes of the answers."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from osmo.annotators.answer import Unanswered
from osmo.annotators.describer import Description, Stretch
from osmo.annotators.lmm.describer import LmmDescriber
from osmo.annotators.registry import describer
from osmo.schemas.endpoints import Models
from osmo.storage.media import Media

Known = Callable[..., Models]
Record = Callable[..., Media]
CAP = "A person sets a cup on the table."


def stretch(start_s: float = 1.0, end_s: float = 3.0, language: str | None = "en", recording_id: str = "r") -> Stretch:
    return Stretch(recording_id, start_s, end_s, language)


def told(one: Description | Unanswered) -> Description:
    assert isinstance(one, Description)
    return one


@pytest.fixture
def ask(known: Known, chat_server: Any) -> Callable[..., list[Description | Unanswered]]:
    def asked(name: str, media: Media, *stretches: Stretch) -> list[Description | Unanswered]:
        return list(describer(name, known(name, url=chat_server.url)).describe(stretches, media))

    return asked


Ask = Callable[..., list[Description | Unanswered]]


def test_what_is_seen_goes_as_a_film_of_the_stretch(ask: Ask, chat_server: Any, record: Record) -> None:
    chat_server.answer = lambda _: f" {CAP}\n"
    [one] = ask("qwen2_5_vl", record(), stretch())
    assert told(one).text == CAP and told(one).raw_text == f" {CAP}\n"
    assert (told(one).usage.tokens_in, told(one).usage.tokens_out, told(one).usage.attempts) == (7, 3, 1)
    [[film, text]] = chat_server.contents()
    content = base64.b64decode(film["video_url"]["url"].removeprefix("data:video/mp4;base64,"))
    with av.open(io.BytesIO(content), "r") as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 5 and frames[0].height == 360, "2.5 s with its margins, two pictures a second"
    assert "The pictures show 2.5 seconds" in text["text"] and "Write in English," in text["text"]
    assert "behind the camera" in chat_server.asked[0]["messages"][0]["content"]
    assert "response_format" not in chat_server.asked[0]


@pytest.mark.parametrize(("name", "longest_s"), [("qwen2_audio", 29.5), ("qwen2_5_omni", 30.0)])
def test_what_is_heard_goes_as_sound_of_at_most_so_long(
    name: str, longest_s: float, ask: Ask, chat_server: Any, record: Record
) -> None:
    chat_server.answer = lambda _: "有人在说话。"
    [one] = ask(name, record(sound_s=45.0, film_s=None), stretch(0.0, 45.0, "zh"))
    assert told(one).text == "有人在说话。"
    [[sound, text]] = chat_server.contents()
    with wave.open(io.BytesIO(base64.b64decode(sound["input_audio"]["data"])), "rb") as file:
        assert file.getnframes() / file.getframerate() == longest_s
    assert "Write in Mandarin Chinese," in text["text"]


@pytest.mark.parametrize(("language", "written"), [(None, "English"), ("fr", "English"), ("zh", "Mandarin Chinese")])
def test_it_is_written_in_the_language_of_the_stretch(
    language: str | None, written: str, ask: Ask, chat_server: Any, record: Record
) -> None:
    ask("qwen2_audio", record(film_s=None), stretch(language=language))
    assert f"Write in {written}," in chat_server.texts()[0]


def test_a_feeling_is_asked_about_once_more_and_the_better_answer_stands(
    ask: Ask, chat_server: Any, record: Record
) -> None:
    def answer(request: dict[str, Any]) -> str:
        text = request["messages"][-1]["content"][-1]["text"]
        if "words that can name a feeling" not in text:
            return "A happy, worried person." if "2.5 seconds" in text else CAP
        return CAP if "1.0 s" not in text else "A sad person."

    chat_server.answer = answer
    found = ask("qwen2_5_vl", record(), stretch(), stretch(1.0, 4.0))
    assert [told(one).text for one in found] == [CAP, CAP]
    assert [told(one).usage.attempts for one in found] == [2, 1]
    assert told(found[0]).usage.tokens_in == 14
    [again] = [text for text in chat_server.texts() if "words that can name a feeling" in text]
    assert "happy, worried." in again


def test_a_description_that_keeps_naming_a_feeling_is_kept(ask: Ask, chat_server: Any, record: Record) -> None:
    chat_server.answer = lambda request: (
        "A sad voice." if "can name a feeling:" in request["messages"][-1]["content"][-1]["text"] else "A happy voice."
    )
    [one] = ask("qwen2_audio", record(film_s=None), stretch())
    assert told(one).text == "A sad voice." and told(one).usage.attempts == 2
    assert len(chat_server.contents()) == 2


@pytest.mark.parametrize(
    ("second", "text"), [("", "A happy voice."), (None, "A happy voice.")], ids=["empty", "refused"]
)
def test_a_second_answer_that_says_nothing_leaves_the_first(
    second: str | None, text: str, ask: Ask, chat_server: Any, record: Record
) -> None:
    chat_server.answer = lambda request: (
        second if "can name a feeling:" in str(request["messages"][-1]["content"]) else "A happy voice."
    )
    [one] = ask("qwen2_audio", record(film_s=None), stretch())
    assert told(one).text == text and told(one).usage.attempts == 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [("", "empty: "), ("I'm sorry, I cannot do that.", "refused: I'm sorry"), ("Wind blows. " * 9, "loop: ")],
    ids=["empty", "refusal", "loop"],
)
def test_an_answer_without_a_description_is_absent_with_its_raw_text(
    said: str, reason: str, ask: Ask, chat_server: Any, record: Record
) -> None:
    chat_server.answer = lambda _: said
    [one] = ask("qwen2_audio", record(film_s=None), stretch())
    assert told(one).text is None and str(told(one).absent_reason).startswith(reason)
    assert told(one).raw_text == said


def test_what_has_no_media_is_not_asked_about(ask: Ask, chat_server: Any, record: Record, tmp_path: Path) -> None:
    chat_server.answer = lambda _: CAP
    media = record(film_s=None)
    seen = ask("qwen2_5_vl", media, stretch())
    heard = ask("qwen2_audio", media, stretch(90.0, 91.0), stretch(), stretch(recording_id="q"))
    assert [told(one).absent_reason for one in (*seen, *heard)] == [
        "no_video: the recording has no pictures",
        "no_audio: 0.00 s of sound, at least 0.1 s are needed",
        None,
        "no_audio: the recording has no sound",
    ]
    assert len(chat_server.contents()) == 1
    assert [told(one).raw_text for one in heard] == [None, CAP, None]


def test_a_refused_request_is_absent_and_a_server_that_is_away_leaves_all_open(
    known: Known, chat_server: Any, record: Record
) -> None:
    media = record(film_s=None)
    models = known("qwen2_audio", url=chat_server.url, max_attempts=1, gone_after_s=0.0, backoff_s=0.0)
    describing = describer("qwen2_audio", models)
    assert isinstance(describing, LmmDescriber)
    chat_server.answer = lambda request: None if isinstance(request["messages"][-1]["content"], list) else "yes"
    [refused] = describing.describe([stretch()], media)
    assert str(told(refused).absent_reason).startswith("refused: 400") and told(refused).text is None
    chat_server.close()
    found = describing.describe([stretch(), stretch(2.0, 4.0), stretch(recording_id="q")], media)
    assert [type(one) for one in found] == [Unanswered, Unanswered, Description]
    assert isinstance(found[0], Unanswered) and found[0].gone


def test_a_file_that_is_gone_leaves_the_stretch_open(ask: Ask, chat_server: Any, record: Record) -> None:
    media = record()
    path = media.path("r", "proxy")
    assert path is not None
    path.unlink()
    [one] = ask("qwen2_5_vl", media, stretch())
    assert isinstance(one, Unanswered) and path.name in one.where
    assert chat_server.asked == []
