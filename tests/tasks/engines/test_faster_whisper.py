"""CTranslate2 over stretches of speech: the words of openai-whisper on the same weights."""

from __future__ import annotations

import builtins
import shutil
import sys
from pathlib import Path

import pytest

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.ct2_model import write_ct2
from osmo.tasks.engines.engine import EngineUnavailableError, Passage
from osmo.tasks.engines.faster_whisper import create_engine
from osmo.tasks.engines.registry import engine
from osmo.tasks.speech import Hear, Stretch

GREEDY = {"logprob_min": -1e9, "compression_ratio_max": 1e9}


def told(passages: list[Passage]) -> list[tuple[object, ...]]:
    """What must be equal: text, language, words and times; probabilities differ in their last digits."""
    return [
        (one.start_s, one.end_s, one.text, one.language, [(w.start_s, w.end_s, w.text, w.refused) for w in one.words])
        for one in passages
    ]


@pytest.fixture(scope="session")
def folder(attentive_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import whisper

    place = tmp_path_factory.mktemp("ct2")
    write_ct2(whisper.load_model(str(attentive_checkpoint), device="cpu"), place)
    return place


@pytest.mark.parametrize("language", ["en", "zh", None])
def test_it_hears_the_words_and_times_that_openai_whisper_hears(
    attentive_checkpoint: Path, hear: Hear, stretches: list[Stretch], language: str | None
) -> None:
    heard = {}
    for name in ("whisper", "faster_whisper"):
        settings = SegmentConfig(
            engine=name, whisper_model=str(attentive_checkpoint), whisper_sample_len=20, batch_size=4, **GREEDY
        )
        heard[name] = engine(name).listen(hear, stretches, language=language, settings=settings)
    assert told(heard["faster_whisper"]) == told(heard["whisper"])
    for one, other in zip(heard["faster_whisper"], heard["whisper"], strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-3)
        assert one.no_speech == pytest.approx(other.no_speech, abs=1e-5)
        assert one.language_prob == pytest.approx(other.language_prob, abs=1e-4)


def test_an_answer_does_not_depend_on_its_batch_nor_on_what_was_heard_before(
    attentive_checkpoint: Path, hear: Hear, stretches: list[Stretch]
) -> None:
    heard = []
    for size, some in ((1, stretches), (8, stretches), (3, list(reversed(stretches)))):
        settings = SegmentConfig(
            whisper_model=str(attentive_checkpoint), whisper_sample_len=8, batch_size=size, logprob_min=-2.5
        )
        heard.append(told(create_engine().listen(hear, some, language="en", settings=settings)))
    assert heard[0] == heard[1] == heard[2]


@pytest.mark.parametrize("length", [2, 5, 40])
def test_it_stops_at_as_many_tokens_as_openai_whisper(
    attentive_checkpoint: Path, hear: Hear, stretches: list[Stretch], length: int
) -> None:
    heard = {}
    for name in ("whisper", "faster_whisper"):
        settings = SegmentConfig(
            engine=name, whisper_model=str(attentive_checkpoint), whisper_sample_len=length, **GREEDY
        )
        heard[name] = told(engine(name).listen(hear, stretches[:3], language="en", settings=settings))
    assert heard["faster_whisper"] == heard["whisper"]


def test_a_folder_gives_what_its_checkpoint_gives(
    attentive_checkpoint: Path, folder: Path, hear: Hear, stretches: list[Stretch]
) -> None:
    answers = [
        create_engine().listen(
            hear,
            stretches[:4],
            language="en",
            settings=SegmentConfig(whisper_model=str(place), whisper_sample_len=6, **GREEDY),
        )
        for place in (attentive_checkpoint, folder)
    ]
    assert answers[0] == answers[1]


def test_int8_hears_too_and_is_another_identity(
    attentive_checkpoint: Path, hear: Hear, stretches: list[Stretch]
) -> None:
    full = SegmentConfig(whisper_model=str(attentive_checkpoint), whisper_sample_len=6, **GREEDY)
    small = full.model_copy(update={"compute_type": "int8"})
    passages = create_engine().listen(hear, stretches[:4], language="en", settings=small)
    assert {stretch.start_s for stretch in stretches[:4]} <= {one.start_s for one in passages}
    assert create_engine().identity(full) != create_engine().identity(small)


def test_nothing_of_a_converted_model_is_left_behind(
    attentive_checkpoint: Path, tmp_path: Path, hear: Hear, stretches: list[Stretch], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, scratch = tmp_path / "own.pt", tmp_path / "scratch"
    shutil.copy(attentive_checkpoint, own)
    with own.open("ab") as file:
        file.write(b"\0")  # another content, so that nothing was loaded before
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    settings = SegmentConfig(whisper_model=str(own), whisper_sample_len=2)
    create_engine().listen(hear, stretches[:1], language="en", settings=settings)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("kept", [0, 10, 1000, 100_000], ids=lambda kept: f"{kept}-bytes")
def test_a_damaged_folder_is_refused(
    folder: Path, tmp_path: Path, hear: Hear, stretches: list[Stretch], kept: int
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    (damaged / "model.bin").write_bytes((folder / "model.bin").read_bytes()[:kept])
    settings = SegmentConfig(whisper_model=str(damaged))
    with pytest.raises(EngineUnavailableError, match="is no CTranslate2 Whisper model"):
        create_engine().listen(hear, stretches, language="en", settings=settings)


def test_without_the_package_it_says_how_to_get_it(
    tmp_path: Path, hear: Hear, stretches: list[Stretch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    real = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name.partition(".")[0] == "ctranslate2":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    settings = SegmentConfig(whisper_model=str(tmp_path))
    with pytest.raises(EngineUnavailableError, match=r"pip install 'osmo\[faster-whisper\]'"):
        create_engine().listen(hear, stretches, language="en", settings=settings)
