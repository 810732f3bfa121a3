"""What a voter's model is given about each utterance, and what becomes of those it cannot be asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from osmo.annotators.answer import Unanswered
from osmo.annotators.lmm import affectgpt, desta, emotion_llama, qwen2_audio
from osmo.annotators.lmm.given import Asking
from osmo.annotators.prompt import prompt
from osmo.annotators.transports.question import Refused
from osmo.annotators.voter import Utterance
from osmo.storage.media import Media

Say = Callable[..., Utterance]
Record = Callable[..., Media]


def asking(module: ModuleType, media: Media, *utterances: Utterance) -> Asking:
    return Asking(module.TRAITS, prompt(module.TRAITS.name), utterances, media)


@pytest.mark.parametrize(
    ("module", "kinds"),
    [
        (emotion_llama, ["video", "audio"]), (affectgpt, ["video", "audio"]), (desta, ["audio"]),
        (qwen2_audio, ["audio"]),
    ],
    ids=["emotion_llama", "affectgpt", "desta", "qwen2_audio"],
)  # fmt: skip
def test_each_gets_the_media_it_takes(module: ModuleType, kinds: list[str], record: Record, say: Say) -> None:
    one = asking(module, record(sound_s=40.0), say(start_s=0.0, end_s=40.0))
    assert one.places() == [0]
    given = one.give(0)
    assert given is not None and list(given.media) == kinds
    assert given.media["audio"].seconds == (29.5 if module is qwen2_audio else 30.0)
    assert one.instead == {} and one.without == {}
    assert all(word in given.text for word in module.TRAITS.words.values())


@pytest.mark.parametrize(
    ("module", "media", "reason"),
    [
        (emotion_llama, {"film_s": None}, "no_video: the recording has no pictures"),
        (emotion_llama, {"captioned": True}, "no_video: its pictures were made up from captions"),
        (affectgpt, {"film_s": None, "sound_s": None}, "no_video: the recording has no pictures; no_audio: the record"),
        (desta, {"sound_s": None}, "no_audio: the recording has no sound"),
        (desta, {"silent": True}, "no_audio: the recording has no sound"),
        (qwen2_audio, {"sound_s": None}, "no_audio: the recording has no sound"),
    ],
    ids=["no-film", "captioned", "neither", "no-sound", "stand-in", "no-sound-for-chat"],
)
def test_without_what_it_needs_it_is_not_asked(
    module: ModuleType, media: dict[str, object], reason: str, record: Record, say: Say
) -> None:
    one = asking(module, record(**media), say())
    assert one.places() == []
    refused = one.instead[0]
    assert isinstance(refused, Refused) and refused.reason.startswith(reason)
    assert refused.usage.attempts == 0


@pytest.mark.parametrize(
    ("media", "kinds", "without"),
    [
        ({"captioned": True}, ["audio"], "no_video: its pictures were made up from captions"),
        ({"film_s": None}, ["audio"], "no_video: the recording has no pictures"),
        ({"sound_s": None}, ["video"], "no_audio: the recording has no sound"),
    ],
    ids=["captioned", "no-film", "no-sound"],
)
def test_who_can_do_without_is_asked_with_what_is_there(
    media: dict[str, object], kinds: list[str], without: str, record: Record, say: Say
) -> None:
    one = asking(affectgpt, record(**media), say())
    given = one.give(0)
    assert given is not None and list(given.media) == kinds
    assert one.without == {0: without}
    assert ("you hear it" in given.text) is False


def test_media_that_cannot_be_decoded_are_an_abstention(record: Record, say: Say, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film at all")
    one = asking(emotion_llama, record(film=broken), say())
    assert one.places() == [0] and one.give(0) is None
    refused = one.instead[0]
    assert isinstance(refused, Refused) and refused.reason.startswith("no_video: its pictures cannot be decoded")
    other = asking(affectgpt, record(film=broken), say())
    given = other.give(0)
    assert given is not None and list(given.media) == ["audio"]


def test_a_file_that_is_gone_leaves_the_utterance_open(record: Record, say: Say) -> None:
    media = record(film_s=None)
    path = media.path("r", "audio")
    assert path is not None
    path.unlink()
    one = asking(desta, media, say())
    assert one.places() == [0] and one.give(0) is None
    open_ = one.instead[0]
    assert isinstance(open_, Unanswered) and not open_.gone
    assert path.name in open_.where and open_.attempts == 0


def test_a_language_that_it_does_not_understand_is_an_abstention(record: Record, say: Say) -> None:
    one = asking(desta, record(film_s=None), *(say(language=language) for language in ("fr", "en", "zh", None)))
    assert one.places() == [1, 2, 3]
    refused = one.instead[0]
    assert isinstance(refused, Refused) and refused.reason == "language: fr is none of en, zh"


def test_nothing_is_opened_before_it_is_asked_for(record: Record, say: Say) -> None:
    media = record()
    for kind in ("audio", "proxy"):
        path = media.path("r", kind)
        assert path is not None
        path.unlink()
    one = asking(emotion_llama, media, *(say(start_s=float(n)) for n in range(200)))
    assert len(one.places()) == 200


def test_labels_that_it_cannot_answer_are_not_offered(record: Record, say: Say) -> None:
    given = asking(emotion_llama, record(), replace(say(), text="")).give(0)
    assert given is not None
    assert "worried" in given.text and "disgust" not in given.text and "fear" not in given.text
