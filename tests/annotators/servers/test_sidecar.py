"""The sidecar as a real process: what it says, takes, refuses and survives."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from server_processes import free_port
from sidecar_servers import Sidecar, sidecar, tiny_weights

from osmo.annotators.servers.backend import LABELS
from osmo.annotators.servers.check_media import data_uri, grey_mp4, tone_wav
from osmo.annotators.servers.weights import weights_sha256
from osmo.schemas.prescreen_contract import Info, Predictions
from osmo.schemas.vocabulary import EKMAN_LABELS

WAV, MP4 = data_uri(tone_wav(1.0), "audio/wav"), data_uri(grey_mp4(1.0), "video/mp4")


def item(segment_id: str = "one", transcript: str | None = "This is wonderful", **changed: object) -> dict[str, Any]:
    fields = {"language": "en", "labels": list(LABELS), "prompt_id": "p", "prompt": "Which emotion?"}
    return {"segment_id": segment_id, "transcript": transcript, **fields, **changed}


def post(server: Sidecar, *items: dict[str, Any], **options: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/v1/predict", json={"items": items}, timeout=30, **options)


def predicted(server: Sidecar, *items: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Status and error of each item."""
    reply = post(server, *items)
    assert reply.status_code == 200, reply.text
    return [(one.status, one.error) for one in Predictions.model_validate_json(reply.content).items]


@pytest.fixture(scope="module")
def media_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("media")
    (root / "shown").mkdir()
    (root / "shown" / "sound.wav").write_bytes(tone_wav(1.0))
    (root / "secret.wav").write_bytes(tone_wav(1.0))
    (root / "shown" / "link.wav").symlink_to(root / "secret.wav")
    return root


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, media_root: Path) -> Iterator[Sidecar]:
    weights = tiny_weights(
        tmp_path_factory.mktemp("weights"), fail_on="explode", refuse_on="unsayable", words={"fear": "worried"}
    )
    options = {"media_root": media_root / "shown", "max_batch": 4, "max_media_mib": 1, "max_body_mib": 4}
    with sidecar("tiny", weights, **options) as running:
        yield running


def test_the_labels_are_those_of_the_vocabulary() -> None:
    assert LABELS == EKMAN_LABELS


def test_importing_the_sidecar_brings_nothing_of_a_models_or_of_ours() -> None:
    code = (
        "import sys, json, osmo.annotators.servers.sidecar, osmo.annotators.servers.backends.tiny\n"
        "for name in ('emotion_llama', 'affectgpt', 'desta'):\n"
        "    __import__('osmo.annotators.servers.backends.' + name)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = json.loads(done.stdout)
    heavy = {"pyarrow", "duckdb", "prefect", "pandas", "torch", "transformers", "httpx", "aiohttp", "obstore"}
    assert heavy & set(modules) == set()
    ours = {name for name in modules if name.startswith("osmo.") and not name.startswith("osmo.annotators.servers")}
    assert ours == {"osmo.annotators", "osmo.schemas", "osmo.schemas.extensions", "osmo.schemas.prescreen_contract"}


def test_it_says_what_it_serves(server: Sidecar) -> None:
    info = Info.model_validate_json(httpx.get(f"{server.url}/v1/info").content)
    assert (info.model_id, info.max_batch, info.max_clip_s) == ("tiny", 4, 30.0)
    assert info.revision == f"sha256:{info.weights_sha256}"
    assert httpx.get(f"{server.url}/health").json() == {"status": "ok", "in_hand": 0}


def test_a_revision_that_is_another_hash_is_refused(tmp_path: Path) -> None:
    weights = tiny_weights(tmp_path)
    right = f"sha256:{weights_sha256(weights, [weights / 'tiny.json'])}"
    with sidecar("tiny", weights, right) as running:
        assert running.revision == right
    with pytest.raises(RuntimeError, match=f"hash to {right}"), sidecar("tiny", weights, "sha256:" + "0" * 64):
        pass


def test_a_backend_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="No backend 'tinny'"), sidecar("tinny", tiny_weights(tmp_path)):
        pass


def test_each_item_is_answered_in_order_with_what_was_said(server: Sidecar) -> None:
    said = ["This is wonderful", "今天太好了", "How terrible", "The table is brown"]
    reply = post(server, *(item(f"s{number}", text) for number, text in enumerate(said)))
    predictions = Predictions.model_validate_json(reply.content).items
    assert [one.segment_id for one in predictions] == ["s0", "s1", "s2", "s3"]
    assert [(one.raw_text or "").rsplit(" ", 1)[1] for one in predictions] == ["joy.", "joy.", "sadness.", "neutral."]
    assert {(one.status, one.label, one.extraction) for one in predictions} == {("ok", None, None)}
    assert all(one.latency_ms > 0 and one.tokens_in and one.tokens_out for one in predictions)


@pytest.mark.parametrize(
    ("shape", "said", "label"),
    [("label", "This is wonderful", "joy"), ("list", "This is wonderful", None), ("label", "I am scared", None)],
    ids=["a bare label", "a list", "a word of its own"],
)
def test_only_a_bare_label_is_read(tmp_path: Path, shape: str, said: str, label: str | None) -> None:
    weights = tiny_weights(tmp_path, words={"fear": "worried"})
    with sidecar("tiny", weights, settings={"reply": shape}) as running:
        [one] = Predictions.model_validate_json(post(running, item(transcript=said)).content).items
    assert (one.label, one.extraction) == (label, "constrained" if label else None)


def test_a_bare_label_that_was_not_asked_for_is_not_read(tmp_path: Path) -> None:
    with sidecar("tiny", tiny_weights(tmp_path, reply="label")) as running:
        [one] = Predictions.model_validate_json(post(running, item(labels=["anger", "fear"])).content).items
    assert (one.raw_text, one.label) == ("joy", None)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("{", 422, "Invalid JSON"),
        ('{"items": []}', 422, "items: List should have at least 1 item"),
        (json.dumps({"items": [item(labels=["melancholia"])]}), 422, "unknown melancholia; expected some of anger"),
        (json.dumps({"items": [item(labels=[])]}), 422, "none; expected"),
        (json.dumps({"items": [item(seed="x")]}), 422, "items.0.seed"),
        (json.dumps({"items": [item()] * 5}), 413, "5 items in one request; max_batch is 4"),
        (json.dumps({"items": [item("x" * 5_000_000)]}), 413, "longer than 4194304 bytes"),
    ],
    ids=["no JSON", "no items", "unknown label", "no labels", "wrong type", "too many items", "too long"],
)
def test_a_request_that_is_none_is_refused_as_a_whole(server: Sidecar, body: str, status: int, says: str) -> None:
    reply = httpx.post(f"{server.url}/v1/predict", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == status
    assert says in reply.json()["error"]
    assert len(reply.json()["error"]) < 300


def test_what_stands_in_a_refused_request_is_not_repeated(server: Sidecar) -> None:
    reply = post(server, item(audio_uri={"secret": "A" * 100}))
    assert reply.status_code == 422
    assert "AAA" not in reply.text


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"audio_uri": data_uri(b"noise" * 100, "audio/wav")}, "audio cannot be decoded as WAV"),
        ({"video_uri": data_uri(b"noise" * 100, "video/mp4")}, "video cannot be decoded as MP4"),
        ({"video_uri": data_uri(grey_mp4(1.0)[:900], "video/mp4")}, "video has no pictures"),
        ({"audio_uri": data_uri(tone_wav(0.0), "audio/wav")}, "audio holds nothing"),
        ({"audio_uri": data_uri(tone_wav(31.0), "audio/wav")}, "longer than max_clip_s, 30 s"),
        ({"video_uri": data_uri(grey_mp4(31.0), "video/mp4")}, "longer than max_clip_s, 30 s"),
        ({"audio_uri": data_uri(tone_wav(34.0), "audio/wav")}, "at most 1048576 are taken"),
        ({"audio_uri": data_uri(tone_wav(1.0), "audio/mpeg")}, "expected data:audio/wav;base64"),
        ({"audio_uri": "data:audio/wav;base64,%%%"}, "no base64"),
        ({"audio_uri": "http://127.0.0.1:9/sound.wav"}, "scheme 'http'"),
        ({"audio_uri": "https://example.org/sound.wav"}, "scheme 'https'"),
        ({"audio_uri": "sound.wav"}, "expected data: or file:"),
    ],
    ids=[
        "noise as sound", "noise as film", "half a film", "no sample", "long sound", "long film", "large", "type",
        "no base64", "http", "https", "no scheme",
    ],
)  # fmt: skip
def test_a_fault_of_an_item_stays_its_own(server: Sidecar, changed: dict[str, str], says: str) -> None:
    (status, error), neighbour = predicted(server, item("bad", **changed), item("good", audio_uri=WAV, video_uri=MP4))
    assert status == "refused"
    assert says in (error or "")
    assert neighbour == ("ok", None)


def test_an_address_is_not_even_connected_to(server: Sidecar) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.3)
        [(status, _)] = predicted(server, item(audio_uri=f"http://127.0.0.1:{listener.getsockname()[1]}/x.wav"))
        with pytest.raises(TimeoutError):
            listener.accept()
    assert status == "refused"


def test_files_are_taken_below_the_media_root_alone(server: Sidecar, media_root: Path) -> None:
    shown = media_root / "shown"
    uris = [
        (shown / "sound.wav").as_uri(),
        f"file://localhost{shown}/sound.wav",
        (media_root / "secret.wav").as_uri(),
        f"file://{shown}/../secret.wav",
        f"file://{shown}/%2e%2e/secret.wav",
        (shown / "link.wav").as_uri(),
        f"file://elsewhere{shown}/sound.wav",
        f"file://{shown}/absent.wav",
        f"file://{shown}/",
        f"file://{shown}/sound.wav%00",
        "file:///etc/hostname",
    ]
    answers = [predicted(server, item(audio_uri=uri))[0] for uri in uris]
    assert [status for status, _ in answers] == ["ok", "ok"] + ["refused"] * 9
    assert {error for _, error in answers[2:]} == {"audio_uri names no file below the sidecar's --media-root"}


def test_without_a_media_root_no_file_is_taken(tmp_path: Path, media_root: Path) -> None:
    with sidecar("tiny", tiny_weights(tmp_path)) as running:
        [(status, error)] = predicted(running, item(audio_uri=(media_root / "shown" / "sound.wav").as_uri()))
    assert status == "refused"
    assert "without --media-root" in (error or "")


def test_media_that_the_model_does_not_use_are_not_looked_at(tmp_path: Path) -> None:
    with sidecar("tiny", tiny_weights(tmp_path, modalities=["text"])) as running:
        assert predicted(running, item(audio_uri="http://example.org/x.wav")) == [("ok", None)]


def test_what_the_model_refuses_or_fails_on_takes_nobody_with_it(server: Sidecar) -> None:
    answers = predicted(server, item("a"), item("b", "They explode"), item("c", "It is unsayable"), item("d"))
    assert [status for status, _ in answers] == ["ok", "failed", "refused", "ok"]
    assert answers[1][1] == "RuntimeError: the transcript holds 'explode'"
    assert "Traceback" in server.said()
    assert httpx.get(f"{server.url}/health").status_code == 200


def test_it_is_ill_while_its_model_fails_and_well_again_after(tmp_path: Path) -> None:
    with sidecar("tiny", tiny_weights(tmp_path, fail_on="explode")) as running:
        for _ in range(3):
            assert predicted(running, item(transcript="explode"))[0][0] == "failed"
        ill = httpx.get(f"{running.url}/health")
        assert ill.status_code == 503
        assert "the last 3 calls of the model failed: RuntimeError" in ill.json()["reason"]
        assert predicted(running, item()) == [("ok", None)]
        assert httpx.get(f"{running.url}/health").status_code == 200


def test_a_dead_engine_is_said_and_nothing_more_is_taken(tmp_path: Path) -> None:
    with sidecar("tiny", tiny_weights(tmp_path, die_on="die")) as running:
        assert predicted(running, item(transcript="die"))[0][0] == "failed"
        dead = httpx.get(f"{running.url}/health")
        assert dead.status_code == 503
        assert "the model died: EngineDeadError: the transcript holds 'die'" in dead.json()["reason"]
        reply = post(running, item())
        assert reply.status_code == 503
        assert "Retry-After" not in reply.headers


def test_more_than_it_can_hold_is_told_to_come_again(tmp_path: Path) -> None:
    weights = tiny_weights(tmp_path, wait_s=0.5)
    with sidecar("tiny", weights, max_batch=2, max_in_hand=2) as running, ThreadPoolExecutor(6) as threads:
        replies = list(threads.map(lambda number: post(running, item(str(number))), range(6)))
        assert {reply.status_code for reply in replies} == {200, 503}
        full = next(reply for reply in replies if reply.status_code == 503)
        assert full.headers["Retry-After"] == "1"
        assert full.json()["error"] == "2 items are in hand, 2 at most: ask later"
        assert post(running, item()).status_code == 200, "places are given back"
        assert httpx.get(f"{running.url}/health").json()["in_hand"] == 0


def test_requests_that_come_together_share_a_call_of_the_model(tmp_path: Path) -> None:
    weights = tiny_weights(tmp_path, wait_s=1.0)
    with sidecar("tiny", weights, max_batch=8, max_wait_ms=200) as running, ThreadPoolExecutor(8) as threads:
        started = time.perf_counter()
        replies = list(threads.map(lambda number: post(running, item(str(number))), range(8)))
        took = time.perf_counter() - started
    assert [reply.json()["items"][0]["segment_id"] for reply in replies] == [str(number) for number in range(8)]
    assert took < 8 * 1.0, "eight calls one after the other would take 8 s"


def test_without_its_key_nothing_is_answered(tmp_path: Path) -> None:
    with sidecar("tiny", tiny_weights(tmp_path), environment={"OSMO_SIDECAR_KEY": "open sesame"}) as running:
        for key, status in (("open sesame", 200), ("another", 401), ("ünïcode", 401)):
            headers = {"Authorization": f"Bearer {key}".encode()}
            assert httpx.get(f"{running.url}/v1/info", headers=headers).status_code == status
            assert post(running, item(), headers=headers).status_code == status
        assert httpx.get(f"{running.url}/v1/info").status_code == 401
        assert httpx.get(f"{running.url}/health").status_code == 200
        assert "sesame" not in running.said()


def test_while_the_model_loads_it_says_so(tmp_path: Path) -> None:
    """A model that takes its time to load: its code is one that sleeps."""
    code = (
        "import sys, time\n"
        "from osmo.annotators.servers import sidecar\n"
        "from osmo.annotators.servers.backends.tiny import TinyBackend\n"
        "load = TinyBackend.load\n"
        "TinyBackend.load = lambda self: time.sleep(3)\n"
        "sys.exit(sidecar.main(sys.argv[1:]))"
    )
    port = free_port()
    arguments = ["--backend", "tiny", "--weights", str(tiny_weights(tmp_path)), "--port", str(port)]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    try:
        url = f"http://127.0.0.1:{port}"
        reply = _first_reply(f"{url}/health")
        assert (reply.status_code, reply.json()["status"]) == (503, "loading")
        refused = httpx.post(f"{url}/v1/predict", json={"items": [item()]})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        until = time.monotonic() + 20
        while httpx.get(f"{url}/health").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.2)
    finally:
        process.terminate()
        process.wait(20)


def test_a_model_that_cannot_be_loaded_ends_the_sidecar(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from osmo.annotators.servers import sidecar\n"
        "from osmo.annotators.servers.backends.tiny import TinyBackend\n"
        "def load(self): raise MemoryError('no room')\n"
        "TinyBackend.load = load\n"
        "sys.exit(sidecar.main(sys.argv[1:]))"
    )
    arguments = ["--backend", "tiny", "--weights", str(tiny_weights(tmp_path)), "--port", str(free_port())]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "MemoryError: no room" in done.stderr


def test_media_are_gone_after_the_answer(tmp_path: Path) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    with sidecar("tiny", tiny_weights(tmp_path / "weights"), environment={"TMPDIR": str(place)}) as running:
        assert predicted(running, item(audio_uri=WAV)) == [("ok", None)]
        assert list(place.iterdir()) == []


def _first_reply(url: str) -> httpx.Response:
    until = time.monotonic() + 20
    while True:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.05)
