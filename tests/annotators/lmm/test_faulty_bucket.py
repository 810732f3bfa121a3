"""A bucket voted on by a server that fails on a tenth of all requests: one row a segment, none twice, none missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from fault_server import FAULTS, FaultServer

from osmo.annotators.registry import voter
from osmo.schemas.endpoints import Endpoint, Models
from osmo.schemas.tables import PROBLEMS, SEGMENTS, VOTES
from osmo.storage.media import Media
from osmo.storage.store import Store
from osmo.tasks.engine import run_bucket, todo
from osmo.tasks.prescreen import PrescreenStage

COUNT = 600
REPLIES = ("happy", "The wearer is sad.", "I cannot determine that.", "happy or sad, who knows", "")
QUICK = {
    "timeout_s": 1.0,
    "max_attempts": 8,
    "backoff_s": 0.01,
    "max_backoff_s": 0.05,
    "gone_after_s": 60,
    "batch_size": 2,
}


def segments() -> pa.Table:
    return SEGMENTS.rows(
        {
            "recording_id": "r", "segment_id": f"s{n:03}", "start_s": n % 50 / 10, "end_s": n % 50 / 10 + 0.5,
            "text": f"Line {n} of it.", "language": "en", "speaker": "wearer", "text_key": f"{n:04}{'t' * 28}",
            "dialogue_key": f"{n:04}{'d' * 28}", "audio_key": f"{n:04}{'a' * 28}",
        }
        for n in range(COUNT)
    )  # fmt: skip


@pytest.mark.parametrize("transport", ["prescreen", "chat"])
def test_every_segment_ends_with_one_row(transport: str, record: Callable[..., Media], tmp_path: Path) -> None:
    turn = iter(range(10**9))
    info = {
        "contract": "prescreen/1", "model_id": "m", "revision": "0" * 40, "weights_sha256": "0" * 64, "license": "x",
        "modalities": ["audio", "text"], "languages": ["en"], "max_clip_s": 30.0, "label_support": ["joy"],
        "deterministic": True,
    }  # fmt: skip
    with FaultServer(
        share=0.1,
        seed=3,
        info=info,
        chat=lambda _: REPLIES[next(turn) % len(REPLIES)],
        label=lambda _: {"status": "ok", "raw_text": REPLIES[next(turn) % len(REPLIES)], "latency_ms": 1.0},
    ) as server:
        url = server.url if transport == "prescreen" else f"{server.url}/v1"
        endpoint = Endpoint.model_validate(
            {"transport": transport, "url": url, "model": "m", "revision": "0" * 40, **QUICK}
        )
        stage = PrescreenStage(voter("desta", Models({"desta": endpoint})), segments=lambda _: segments())
        store = Store.open(str(tmp_path / "log"), buckets=1)
        report = run_bucket(store, stage, 0, record())
        assert set(server.faults) == set(FAULTS), "every kind of fault was met"
        assert bytes(server.elsewhere) == b"", "no redirect was followed"
    assert (report.rows_in, report.rows_out, report.failed, report.paused) == (COUNT, COUNT, 0, None)
    assert report.attempts > COUNT, "what failed was tried again, and counted"
    assert todo(store, stage, 0).rows.num_rows == 0
    rows = store.read(VOTES).to_pylist()
    assert Counter(row["segment_id"] for row in rows) == Counter(f"s{n:03}" for n in range(COUNT))
    assert all((row["label"] is None) != (row["abstain_reason"] is None) for row in rows)
    found = Counter((row["abstain_reason"] or row["label"]).split(":")[0] for row in rows)
    assert {"joy", "sadness", "refused", "contradiction", "empty"} <= set(found)
    assert store.read(PROBLEMS).num_rows == 0
