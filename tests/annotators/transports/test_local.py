"""A model in this process: pinned weights, greedy answers, choices weighed, and the same answers in any batch."""

import io
import math
import random
import shutil
import string
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osmo.annotators.transports.local import LocalChat
from osmo.annotators.transports.question import Answer, Attachment, Question, Refused, Result
from osmo.annotators.transports.weights import WeightsError, model_revision
from osmo.schemas.endpoints import Endpoint

CHOICES = ("joy", "joy and anger", "anger", "sadness", "n")


def chat_of(folder: Path, **changes: object) -> LocalChat:
    revision = changes.pop("revision", None) or model_revision(folder)
    values = {"transport": "local", "model": str(folder), "revision": revision, "max_tokens": 12, **changes}
    return LocalChat("tiny", Endpoint.model_validate(values))


def wav(seconds: float, *, rate_hz: int = 16_000, channels: int = 1, seed: int = 0, loudness: float = 3000) -> bytes:
    noise = np.random.default_rng(seed).normal(0, loudness, round(seconds * rate_hz) * channels).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes(noise.tobytes())
    return file.getvalue()


def heard(seconds: float, text: str, loudness: float = 3000, **more: Any) -> Question:
    sound = wav(seconds, seed=round(seconds * 10), loudness=loudness)
    return Question("Listen.", text, (Attachment("audio", lambda: sound, seconds),), **more)


def said(results: Sequence[Result]) -> list[tuple[str, str | None, int | None, int | None]]:
    assert all(isinstance(result, Answer) for result in results), results
    return [(one.text, one.finish, one.usage.tokens_in, one.usage.tokens_out) for one in results]  # type: ignore[union-attr]


def test_answers_do_not_depend_on_the_batch(llama_folder: Path) -> None:
    words = ("a", "How does she feel when the door closes?", "中文", "x" * 200, "", "why " * 9, "no", "end")
    questions = [
        *(Question("Be brief." if n % 2 else "", text, max_tokens=3 + n) for n, text in enumerate(words)),
        *(Question("", text, choices=CHOICES) for text in words),
    ]
    alone = said(chat_of(llama_folder, batch_size=1).ask(questions))
    assert said(chat_of(llama_folder, batch_size=4).ask(questions)) == alone
    assert said(chat_of(llama_folder, batch_size=16).ask(questions)) == alone
    assert len({text for text, *_ in alone[:8]}) == 8, "the model answers each in its own way"
    assert all(text in CHOICES for text, *_ in alone[8:])


def test_sound_and_answers_do_not_depend_on_the_batch(qwen2_audio_folder: Path) -> None:
    questions = [
        *(heard(seconds, "How does the wearer sound?") for seconds in (0.5, 3.0, 1.0, 29.5)),
        Question("", "No sound at all."),
        *(heard(seconds, "How?", choices=CHOICES) for seconds in (0.5, 3.0, 1.0)),
        Question("", "No sound at all.", choices=CHOICES),
    ]
    alone = said(chat_of(qwen2_audio_folder, batch_size=1).ask(questions))
    assert said(chat_of(qwen2_audio_folder, batch_size=4).ask(questions)) == alone
    tokens_in = [tokens for _, _, tokens, _ in alone]
    assert tokens_in[3] is not None and tokens_in[0] is not None
    assert tokens_in[3] - tokens_in[0] == (29.5 - 0.5) * 25, "25 tokens a second of sound"


def test_what_is_heard_counts(qwen2_audio_folder: Path) -> None:
    chat = chat_of(qwen2_audio_folder)
    results = chat.ask([heard(2.0, "How?"), heard(2.0, "How?"), heard(2.0, "How?", loudness=30), Question("", "How?")])
    texts = [text for text, *_ in said(results)]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 3


def test_the_likeliest_choice_is_chosen_by_all_of_its_tokens_and_its_end(llama_folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(llama_folder)
    tokenizer = AutoTokenizer.from_pretrained(llama_folder)

    def likelihood(text: str, choice: str) -> float:
        messages = [{"role": "user", "content": text}]
        prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        start = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        ends = [*tokenizer.encode(choice, add_special_tokens=False), tokenizer.eos_token_id]
        with torch.inference_mode():
            scores = model(torch.tensor([start + ends])).logits[0].log_softmax(-1)
        return math.fsum(float(scores[len(start) + at - 1, token]) for at, token in enumerate(ends))

    letters = random.Random(0)
    choices = tuple("".join(letters.choices(string.ascii_lowercase, k=3)) for _ in range(60))
    texts = ["".join(letters.choices(string.ascii_letters, k=length)) for length in range(1, 25)]
    expected = [max(choices, key=lambda choice, text=text: likelihood(text, choice)) for text in texts]  # type: ignore[misc]
    results = chat_of(llama_folder, batch_size=8).ask(Question("", text, choices=choices) for text in texts)
    assert [text for text, *_ in said(results)] == expected
    assert len(set(expected)) > 5, "small differences count"


def test_an_answer_ends_where_the_model_ends_it(answering_folder: Path) -> None:
    answers = chat_of(answering_folder).ask(
        [Question("", "q"), Question("", "long " * 500), Question("", "q", max_tokens=2)]
    )
    assert [answer[:2] for answer in said(answers)] == [("I think it is joy.", "stop")] * 2 + [
        ("I think it is joy.", "length")
    ]
    assert [answer[3] for answer in said(answers)] == [3, 3, 2]


@pytest.fixture(scope="module")
def answering_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from model_servers import answering_llama

    folder: Path = answering_llama(tmp_path_factory.mktemp("answering") / "model", "I think it is joy.")
    return folder


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"ID3 not a wav", "refused: the sound is no WAV"),
        (b"", "refused: the sound is no WAV"),
        (wav(0.0), "refused: the sound is empty"),
        (wav(0.5, rate_hz=44_100), "refused: the sound is 16 bits, 1 channels, 44100 Hz"),
        (wav(0.5, channels=2), "refused: the sound is 16 bits, 2 channels, 16000 Hz"),
    ],
    ids=["mp3", "nothing", "empty", "44-khz", "stereo"],
)
def test_sound_that_cannot_be_read_is_refused_and_the_others_are_answered(
    content: bytes, reason: str, qwen2_audio_folder: Path
) -> None:
    bad = Question("", "How?", (Attachment("audio", lambda: content, 1.0),))
    result, other = chat_of(qwen2_audio_folder).ask([bad, Question("", "q")])
    assert isinstance(result, Refused)
    assert result.reason.startswith(reason)
    assert isinstance(other, Answer)


@pytest.mark.parametrize("kind", ["audio", "video", "image"])
def test_a_model_of_text_takes_no_media(kind: Any, llama_folder: Path) -> None:
    [result] = chat_of(llama_folder).ask([Question("", "q", (Attachment(kind, lambda: b"", 1.0),))])
    assert isinstance(result, Refused)
    assert result.reason == f"refused: a model of this kind takes no {kind} in this process"


def test_questions_are_taken_a_batch_at_a_time(llama_folder: Path) -> None:
    taken: list[int] = []

    def questions() -> Any:
        for number in range(100):
            taken.append(number)
            yield Question("", f"q{number}", max_tokens=1)

    results = chat_of(llama_folder, batch_size=4).ask_each(questions())
    assert [next(results)[0] for _ in range(3)] == [0, 1, 2]
    assert len(taken) == 4


def test_other_weights_than_the_pinned_ones_are_not_loaded(llama_folder: Path, tmp_path: Path) -> None:
    revision = model_revision(llama_folder)
    copy = tmp_path / "copy"
    shutil.copytree(llama_folder, copy)
    assert model_revision(copy) == revision
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    with pytest.raises(WeightsError, match=f"has weights sha256:.*, and {revision} was expected"):
        chat_of(copy, revision=revision).ask([Question("", "q")])
    commit = "0" * 40
    with pytest.raises(WeightsError, match=f"is no hash of files.*set revision = '{model_revision(copy)}'"):
        chat_of(copy, revision=commit).ask([Question("", "q")])
    [answer] = chat_of(copy, revision=commit, allow_unpinned=True).ask([Question("", "q", max_tokens=1)])
    assert isinstance(answer, Answer)


def test_weights_that_can_run_code_are_not_loaded(llama_folder: Path, tmp_path: Path) -> None:
    revision = model_revision(llama_folder)
    copy = tmp_path / "copy"
    shutil.copytree(llama_folder, copy)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="no safetensors, only pytorch_model"):
        chat_of(copy, revision=revision).ask([Question("", "q")])
    with pytest.raises(WeightsError, match=r"is no folder\. Give the folder"):
        chat_of(tmp_path / "nowhere", revision=revision).ask([Question("", "q")])
