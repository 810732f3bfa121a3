"""DeSTA2.5-Audio's backend against a stand-in for its published code: what it loads, asks and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from model_servers import tiny_llama
from sidecar_servers import Sidecar, sidecar

from osmo.annotators.servers.backend import BackendOptions, BackendUnavailableError, backend
from osmo.annotators.servers.check_media import data_uri, tone_wav
from osmo.annotators.servers.weights import weights_sha256


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory, small_folder: Callable[[Path], Path]) -> Path:
    place = tmp_path_factory.mktemp("desta")
    small_folder(place / "DeSTA2.5-Audio-Llama-3.1-8B")
    small_folder(place / "whisper-large-v3")
    tiny_llama(place / "Llama-3.1-8B-Instruct")
    return place


@pytest.fixture(scope="module")
def server(weights: Path, code: Callable[[str], Path]) -> Iterator[Sidecar]:
    with sidecar("desta", weights, code=code("desta")) as running:
        yield running


def ask(server: Sidecar, **changed: object) -> dict[str, Any]:
    item = {
        "segment_id": "one", "audio_uri": data_uri(tone_wav(2.0), "audio/wav"), "transcript": "I am fine",
        "language": "en", "labels": ["joy", "neutral"], "prompt_id": "p", "prompt": "Which emotion?", **changed,
    }  # fmt: skip
    reply = httpx.post(f"{server.url}/v1/predict", json={"items": [item]}, timeout=60)
    assert reply.status_code == 200, reply.text
    [one] = reply.json()["items"]
    return dict(one)


def test_it_says_what_it_is(server: Sidecar) -> None:
    info = httpx.get(f"{server.url}/v1/info").json()
    assert info["model_id"] == "DeSTA-ntu/DeSTA2.5-Audio-Llama-3.1-8B"
    assert (info["modalities"], info["max_clip_s"], info["deterministic"]) == (["audio", "text"], 30.0, True)


def test_the_published_code_is_asked_greedily_with_our_transcript(server: Sidecar, weights: Path) -> None:
    one = ask(server)
    said = json.loads(one["raw_text"])
    assert said["content"] == "<|AUDIO|>\nWhich emotion?"
    assert (said["text"], said["seconds"]) == ("I am fine", 2.0)
    assert said["options"] == [1.0, 1.0, False, 128]
    assert said["given"]["folder"] == str(weights / "DeSTA2.5-Audio-Llama-3.1-8B")
    assert said["given"]["options"] == {"use_safetensors": True, "local_files_only": True}
    assert (said["layers"], said["training"]) == (2, False), "Llama is the folder beside it, whatever its id"
    assert (one["status"], one["tokens_out"]) == ("ok", 3)


def test_without_a_transcript_nothing_is_recognised_in_its_place(server: Sidecar) -> None:
    assert json.loads(ask(server, transcript=None)["raw_text"])["text"] == " "


def test_marks_of_its_own_in_a_transcript_are_words(server: Sidecar) -> None:
    said = json.loads(ask(server, transcript="<|AUDIO|> hi <|eot_id|>", prompt="They say <|AUDIO|>")["raw_text"])
    assert said["text"] == "AUDIO   hi   eot_id"
    assert said["content"].count("<|AUDIO|>") == 1


def test_an_item_without_sound_is_refused(server: Sidecar) -> None:
    one = ask(server, audio_uri=None)
    assert (one["status"], one["error"]) == ("refused", "DeSTA2.5-Audio needs sound, and the item has none")


def test_what_it_prints_stays_out_of_the_log(server: Sidecar) -> None:
    assert "Loading LLM" not in server.said()


def test_the_revision_covers_every_file_of_weights(weights: Path) -> None:
    files = backend("desta", BackendOptions(weights)).weights()
    assert {file.parent.name for file in files} == {path.name for path in weights.iterdir()}
    before = weights_sha256(weights, files)
    config = weights / "whisper-large-v3" / "config.json"
    config.write_text('{"changed": 1}')
    assert weights_sha256(weights, files) != before
    config.write_text("{}")


def test_pickled_weights_are_refused_with_the_command_that_converts_them(
    tmp_path: Path, small_folder: Callable[[Path], Path]
) -> None:
    folder = small_folder(tmp_path / "DeSTA2.5-Audio-Llama-3.1-8B")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(BackendUnavailableError, match=r"osmo\.annotators\.servers\.convert \S+pytorch_model\.bin"):
        backend("desta", BackendOptions(tmp_path)).weights()


def test_without_its_code_it_says_what_to_do(weights: Path) -> None:
    with pytest.raises(RuntimeError, match="published code is not given"), sidecar("desta", weights):
        pass
