"""Stores and columns of a chosen size that the benchmarks run over; all of it made up."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import OsmoConfig, PrescreenConfig, RunConfig, Source, StoreConfig
from osmo.schemas.keys import content_key
from osmo.schemas.tables import MEDIA, VOTES
from osmo.storage.store import Store
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline

VOTERS = ("lexicon", "dialogue", "valence", "prosody")
LABELS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
PART_ROWS = 256
PER_RECORDING = 250
SAID = (
    "So that is what it was, and nobody told me about it.",
    "I am really happy that you came, this is wonderful!",
    "Could you hand me the blue cup next to the sink?",
    "I don't like this at all, it makes me so angry.",
    "We have to be at the station in twenty minutes.",
    "Oh no, I am afraid that I lost the keys again.",
    "Let me see whether there is some bread left.",
    "That was a sad film, I cried at the end of it.",
)


def segment_rows(segments: int, *, seed: int = 0) -> pa.Table:
    """What the vote reads of segments."""
    rng = np.random.default_rng(seed)
    number = np.arange(segments)
    start_s = (number % PER_RECORDING) * 5.0
    return pa.table(
        {
            "recording_id": pa.array([f"bench/{i // PER_RECORDING:06d}" for i in number]),
            "segment_id": pa.array([rng.bytes(10).hex() for _ in range(segments)]),
            "start_s": start_s,
            "end_s": start_s + 4.0,
            "speaker": pa.array(np.array(["wearer", "other", "unknown"])[rng.integers(0, 3, segments)], pa.string()),
            "in_media": pa.array([True] * segments),
            "text_key": pa.array([rng.bytes(16).hex() for _ in range(segments)]),
        }
    )


def fill_votes(store: Store, segments: pa.Table) -> None:
    """Append votes of all voters on made-up segments, in parts as the prescreen stage writes them."""
    rng = np.random.default_rng(1)
    buckets = store.layout.buckets
    of_row = pa.array(np.arange(segments.num_rows) * buckets // segments.num_rows)
    for bucket in range(buckets):
        rows = segments.filter(pc.equal(of_row, bucket)).rename_columns({"text_key": "input_key"})
        for voter in VOTERS:
            labels = np.array([*LABELS, None], object)[rng.integers(0, len(LABELS) + 1, rows.num_rows)]
            append_votes(store, bucket, rows, voter, fingerprint=content_key(voter), labels=labels)


def append_votes(
    store: Store, bucket: int, rows: pa.Table, voter: str, *, fingerprint: str, labels: npt.NDArray[np.object_]
) -> None:
    """Append one voter's votes in parts, each sorted by segment_id; `rows` have their input_key."""
    rows = rows.append_column("label", pa.array(labels, pa.string()))
    for offset in range(0, rows.num_rows, PART_ROWS):
        part = rows.slice(offset, PART_ROWS).sort_by("segment_id")
        body = {name: part[name] for name in ("recording_id", "segment_id", "label")}
        for name, value in {"annotator": voter, "model_revision": "1"}.items():
            body[name] = pa.repeat(pa.scalar(value), part.num_rows)
        keys = part["input_key"].combine_chunks()
        store.append(VOTES, bucket, VOTES.check(pa.table(body), body=True), fingerprint=fingerprint, input_keys=keys)


def segmented(place: Path, segments: int, *, buckets: int, voters: tuple[str, ...] = VOTERS) -> Pipeline:
    """A store with that many segments, as real ingest and real segmentation of transcripts leave it."""
    recordings = place / "recordings"
    for number in range(-(-segments // PER_RECORDING)):
        lines = min(PER_RECORDING, segments - number * PER_RECORDING)
        _recording(recordings / f"r{number:06d}", lines, offset=number)
    config = OsmoConfig.model_construct(
        sources=(Source(path=str(recordings)),),
        store=StoreConfig(uri=str(place / "store"), buckets=buckets),
        prescreen=PrescreenConfig(voters=voters),
        run=RunConfig(workers=1),
    )
    store = Store.open(config.store.uri, buckets=buckets)
    ingest(store, config.sources)
    pipeline = Pipeline(store, config)
    _fill_media(pipeline)
    for bucket in pipeline.views.buckets:
        pipeline.run_bucket("segment", bucket)
        store.logs.compact(pipeline.stage("segment").writes, bucket)
    return pipeline.renew()


def _recording(folder: Path, lines: int, *, offset: int) -> None:
    folder.mkdir(parents=True)
    about = {"subject_id": f"s{offset % 20}", "language": "en", "duration_s": lines * 5.0}
    (folder / "recording.json").write_text(json.dumps({**about, "transcript": "transcript.csv", "synthetic": True}))
    with (folder / "transcript.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["start_s", "end_s", "speaker", "text"])
        for line in range(lines):
            speaker = f"s{offset % 20}" if line % 3 else "somebody"
            text = f"{SAID[(line + offset) % len(SAID)]} Number {offset * PER_RECORDING + line}"
            writer.writerow([line * 5.0, line * 5.0 + 4.0, speaker, text])


def _fill_media(pipeline: Pipeline) -> None:
    """A row of media for each recording, so that none is missing; no file lies behind it."""
    stage, columns = pipeline.stage("media"), ("recording_id", "duration_s")
    for bucket in pipeline.views.buckets:
        needed = stage.needs(bucket)
        rows = [
            {
                "recording_id": recording, "kind": "proxy", "source_sha256": "0" * 64, "uri": "media/none",
                "sha256": "0" * 64, "bytes": 0, "start_s": 0.0, "duration_s": duration, "captioned": True,
                "silent": True, "encoder": "none",
            }
            for recording, duration in zip(*(needed[name].to_pylist() for name in columns), strict=True)
        ]  # fmt: skip
        keys = needed["input_key"].combine_chunks()
        pipeline.store.append(MEDIA, bucket, MEDIA.rows(rows), fingerprint=stage.fingerprint, input_keys=keys)
