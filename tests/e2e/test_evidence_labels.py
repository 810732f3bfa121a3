"""No evidence derives from a label: with every label of a store exchanged, all evidence is the same to the byte."""

from __future__ import annotations

import hashlib
import json
import shutil
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from osmo.annotators.human.session import clip_result, region_results
from osmo.schemas.config import EvidenceConfig, MediaConfig, OsmoConfig, Source, StoreConfig
from osmo.schemas.keys import content_key, make_id
from osmo.schemas.tables import CLIPS, CUES, MEDIA, PROBLEMS, PUBLICATIONS, PULLS, REVIEWS, VOTES
from osmo.storage.store import Store
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.tracks.registry import TRACKERS

RATE_HZ, SECONDS = 16_000, 48
AT = datetime(2026, 11, 1, 10, tzinfo=UTC)
RECORDINGS = ("rec-a", "rec-b")
LINES = (
    "start_s,end_s,speaker,text\n"
    '1,14,Ann,"I am so happy, this is wonderful!"\n'
    '15,20,Ben,"Great, congratulations!"\n'
    '21,46,Ann,"I love it, what a delightful surprise!"\n'
)
REGIONS = ((12.0, 15.5), (22.0, 27.0), (33.0, 36.5))
"""Where people mark an emotion, seconds from the clip's start."""


@dataclass(frozen=True)
class Label:
    """All that a person says of a region, and what machines and reviewers say of it."""

    concept: str
    polarity: str
    intensity: int
    cause: str
    own_word: str
    vote: str

    @property
    def results(self) -> dict[str, Any]:
        return {
            "concepts": [self.concept],
            "polarity": self.polarity,
            "intensity": self.intensity,
            "cause": self.cause,
            "own_words": [self.own_word],
        }


LABELS = (
    Label("joy/joy", "positive", 3, "Her friends bring her very good news", "overjoyed", "joy"),
    Label("anger/rage", "negative", 3, "Somebody broke the cup she had from her mother", "furious", "anger"),
    Label("fear/fear", "negative", 2, "There was a loud bang behind the house", "scared", "fear"),
    Label("sadness/grief", "negative", 1, "The dog of her childhood died last night", "down", "sadness"),
    Label("dyad/pride", "positive", 2, "She finished the long race before them all", "proud", "surprise"),
    Label("surprise/amazement", "neutral", 1, "The whole street is lit by lanterns tonight", "baffled", "disgust"),
)


def source(folder: Path, labels: Sequence[Label]) -> Path:
    """Two recordings with sound, picture, eye camera and a transcript; their labels.csv says what labels say."""
    for number, name in enumerate(RECORDINGS):
        place = folder / name
        place.mkdir(parents=True)
        _voice(place / "audio.wav", seed=number)
        _film(place / "video.mp4", (128, 72), seed=number)
        _film(place / "eye.mp4", (128, 48), seed=10 + number)
        (place / "transcript.csv").write_text(LINES, encoding="utf-8")
        rows = [f"{5 + 9 * n},{9 + 9 * n},Ann,{one.vote},{one.polarity}" for n, one in enumerate(labels[:3])]
        (place / "labels.csv").write_text("\n".join(["start_s,end_s,speaker,emotion,sentiment", *rows]), "utf-8")
        facts = {
            "recording_id": name, "dataset": "test", "subject_id": "Ann", "language": ("en", "zh")[number],
            "started_at": f"2026-01-02T03:{number:02d}:00+00:00", "duration_s": float(SECONDS), "audio": "audio.wav",
            "video": "video.mp4", "eye": "eye.mp4", "transcript": "transcript.csv",
        }  # fmt: skip
        (place / "recording.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def _voice(path: Path, seed: int) -> None:
    """Syllables whose pitch and loudness wander."""
    random = np.random.default_rng(seed)
    t = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    knots = np.arange(0, SECONDS, 1.7)
    hz = np.interp(t, knots, random.uniform(130, 220, knots.size))
    loud = np.interp(t, knots, random.uniform(0.01, 0.15, knots.size))
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    sound = loud * np.sin(np.pi * 4 * t) ** 2 * sum(np.sin(k * phase) / k for k in range(1, 6))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def _film(path: Path, size: tuple[int, int], seed: int, fps: int = 5) -> None:
    """A scene that the camera pans over at changing speed."""
    width, height = size
    random = np.random.default_rng(seed)
    scene = np.kron(random.integers(30, 220, (height // 8, 400)), np.ones((8, 8))).astype(np.uint8)
    at = np.cumsum(random.integers(0, 6, fps * SECONDS))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for place in at.tolist():
            grey = scene[:, place : place + width]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.stack([grey] * 3, axis=2), format="rgb24")))
        container.mux(stream.encode())


def build(uri: Path, recordings: Path, labels: Sequence[Label], votes: pa.Table | None = None) -> Pipeline:
    """A store with these labels in all places, and all evidence over it.

    Args:
        uri: The store.
        recordings: The source.
        labels: What people, reviewers and `votes` say; in order of regions.
        votes: Rows of `VOTES` to take in place of asking the voters, their labels exchanged; null: ask.
    """
    config = OsmoConfig(
        sources=(Source(path=str(recordings)),),
        store=StoreConfig(uri=str(uri), buckets=1),
        media=MediaConfig(proxy_height=72, proxy_fps=5.0),
        evidence=EvidenceConfig(trackers=tuple(TRACKERS.names())),
    )
    store = Store.open(str(uri), buckets=1)
    ingest(store, config.sources)
    pipeline = Pipeline(store, config)
    for name in pipeline.stage_names:
        if votes is not None and name.startswith("prescreen:"):
            _copy(store, VOTES, votes.filter(pc.equal(votes["fingerprint"], pipeline.stage(name).fingerprint)))
        if name == "clips":
            _show(store)
        if name == "annotations":
            _answer(pipeline, labels)
        pipeline = pipeline.renew()
        pipeline.run_bucket(name, 0)
    return pipeline.renew()


def _copy(store: Store, table: Any, rows: pa.Table) -> None:
    body = rows.select(table.body_schema.names)
    store.append(
        table, 0, body, fingerprint=rows["fingerprint"][0].as_py(), input_keys=rows["input_key"].combine_chunks()
    )


def _show(store: Store) -> None:
    """One clip a recording, frozen and shown: whatever the votes are, people answer for it."""
    rows = [
        {"clip_id": make_id("clip", name), "recording_id": name, "start_s": 0.0, "end_s": 48.0, "segment_ids": [],
         "labels": []}
        for name in RECORDINGS
    ]  # fmt: skip
    store.append_rows(CLIPS, rows)
    shown = [
        {"clip_id": row["clip_id"], "recording_id": row["recording_id"], "instance": "fixed", "project_id": 1,
         "task_id": number, "media_sha256": "m"}
        for number, row in enumerate(rows)
    ]  # fmt: skip
    store.append_rows(PUBLICATIONS, shown)


def _answer(pipeline: Pipeline, labels: Sequence[Label]) -> None:
    """Two people mark the same regions of every clip; their labels are those given, in order."""
    pulls = []
    for number, name in enumerate(RECORDINGS):
        of_clip = labels[number * len(REGIONS) : (number + 1) * len(REGIONS)]
        for annotator in ("anna", "bela"):
            unique_id = make_id("pull", name, annotator)
            result = [
                row
                for n, ((start_s, end_s), label) in enumerate(zip(REGIONS, of_clip, strict=True))
                for row in region_results(f"r{n}", start_s, end_s, duration_s=48.0, **label.results)
            ]
            payload = {
                "unique_id": unique_id, "created_at": AT.isoformat(), "updated_at": AT.isoformat(),
                "was_cancelled": False, "lead_time": 8.0, "result": [*result, clip_result("has_emotion")],
            }  # fmt: skip
            pulls.append({
                "recording_id": name, "clip_id": make_id("clip", name), "instance": "fixed", "unique_id": unique_id,
                "annotator_id": annotator, "source": "person", "updated_at": AT, "deleted": False, "media_sha256": "m",
                "payload": json.dumps(payload, sort_keys=True),
            })  # fmt: skip
    keys = pa.array([content_key(str(pull["unique_id"])) for pull in pulls])
    pipeline.store.append(PULLS, 0, PULLS.rows(pulls), fingerprint="people", input_keys=keys)
    annotations = pipeline.renew()
    annotations.run_bucket("annotations", 0)
    regions = [row for row in annotations.renew().views.annotations(0).to_pylist() if row["region_id"]]
    of_revision = ("annotation_id", "region_id", "revision", "content_key", "clip_id", "recording_id")
    pipeline.store.append_rows(REVIEWS, [
        {**{name: row[name] for name in of_revision}, "reviewer_id": "rita", "category": True,
         "comment": f"Clearly {row['own_words'][0]}.", "reviewed_at": AT}
        for row in regions
    ])  # fmt: skip


def exchanged(votes: pa.Table) -> pa.Table:
    """Votes whose labels were moved on by one kind: no vote keeps its label."""
    kinds = sorted({*(label.vote for label in LABELS), "neutral"})
    after = dict(zip(kinds, [*kinds[1:], kinds[0]], strict=True))
    labels = [after.get(label) for label in votes["label"].to_pylist()]
    return votes.set_column(votes.schema.get_field_index("label"), votes.schema.field("label"), pa.array(labels))


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pipeline, Pipeline]:
    """A store, and one made anew from the same media with every label exchanged."""
    folder = tmp_path_factory.mktemp("labels")
    moved = (*LABELS[1:], LABELS[0])
    first = source(folder / "recordings", LABELS)
    other = folder / "other" / "recordings"
    shutil.copytree(first, other)
    for name in RECORDINGS:
        text = (first / name / "labels.csv").read_text()
        for was, now in zip(LABELS[:3], moved[:3], strict=True):
            text = text.replace(f"{was.vote},{was.polarity}", f"<{now.vote},{now.polarity}>")
        (other / name / "labels.csv").write_text(text.replace("<", "").replace(">", ""))
    one = build(folder / "store", first, LABELS)
    return one, build(folder / "other" / "store", other, moved, exchanged(one.store.read(VOTES)))


def sorted_rows(table: pa.Table, *by: str) -> pa.Table:
    """Rows without when they were computed."""
    return table.drop(["computed_at"]).sort_by([(name, "ascending") for name in by]).combine_chunks()


def test_the_labels_differ_everywhere(stores: tuple[Pipeline, Pipeline]) -> None:
    """Else the test below could not fail."""
    one, other = stores
    votes = [[row["label"] for row in p.store.read(VOTES).sort_by("input_key").to_pylist()] for p in stores]
    cast = [(a, b) for a, b in zip(*votes, strict=True) if a or b]
    assert len(cast) >= 4 and all(a != b for a, b in cast)
    regions = [
        [
            row
            for row in p.views.annotations(0)
            .sort_by([("annotation_id", "ascending"), ("start_s", "ascending")])
            .to_pylist()
            if row["region_id"]
        ]
        for p in stores
    ]
    assert len(regions[0]) == len(regions[1]) == 12
    for a, b in zip(*regions, strict=True):
        assert all(a[name] != b[name] for name in ("emotions", "own_words", "cause", "content_key"))
    said = [sorted(row["comment"] + row["content_key"] for row in p.views.reviews(0).to_pylist()) for p in stores]
    assert not set(said[0]) & set(said[1])
    judged = [{row["content_key"] for row in p.views.verdicts(0).to_pylist()} for p in stores]
    assert len(judged[0]) >= 6 and not judged[0] & judged[1]
    assert (
        one.views.recordings(0)["labels_sha256"].to_pylist() != other.views.recordings(0)["labels_sha256"].to_pylist()
    )


def test_the_events_keep_their_times_and_change_their_labels(stores: tuple[Pipeline, Pipeline]) -> None:
    events = [p.views.events(0).sort_by("event_id").to_pylist() for p in stores]
    assert len(events[0]) == len(RECORDINGS) * len(REGIONS)
    for a, b in zip(*events, strict=True):
        assert all(a[name] == b[name] for name in ("event_id", "recording_id", "start_s", "end_s", "language"))
        assert all(a[name] != b[name] for name in ("emotions", "own_words", "cause", "event_key"))


def test_every_track_is_the_same_to_the_byte(stores: tuple[Pipeline, Pipeline]) -> None:
    media = [sorted_rows(p.store.read(MEDIA), "recording_id", "kind", "sha256") for p in stores]
    tracks = [rows.filter(pc.ends_with(rows["kind"], "_track")) for rows in media]
    assert tracks[0].equals(tracks[1])
    # Another labels.csv is another recording to the media stage, which makes the same files of the same media.
    assert media[0].drop(["input_key"]).equals(media[1].drop(["input_key"]))
    rows = tracks[0].to_pylist()
    assert {row["kind"] for row in rows} == {f"{name}_track" for name in TRACKERS.names()}
    assert len(rows) == len(RECORDINGS) * len(TRACKERS.names())
    for row in rows:
        contents = [p.cache.path(row["uri"]).read_bytes() for p in stores]
        assert contents[0] == contents[1]
        assert hashlib.sha256(contents[0]).hexdigest() == row["sha256"]


def test_every_cue_is_the_same_in_every_column(stores: tuple[Pipeline, Pipeline]) -> None:
    cues = [sorted_rows(p.store.read(CUES), "event_id", "modality", "input_key") for p in stores]
    assert cues[0].equals(cues[1])
    rows = cues[0].to_pylist()
    assert len(rows) == 3 * len(RECORDINGS) * len(REGIONS)
    measured = [row for row in rows if row["modality"] in ("acoustic", "visual")]
    assert all(row["text"] and len(row["evidence"]) >= 5 for row in measured), "there is evidence to compare"
    assert len({row["text"] for row in measured}) == len(measured)
    assert not [
        row["what"]
        for p in stores
        for row in p.store.read(PROBLEMS).to_pylist()
        if row["stage"].startswith(("cues", "evidence"))
    ]


def test_only_the_reasoning_tells_the_stores_apart(stores: tuple[Pipeline, Pipeline]) -> None:
    """Steps on picture, sound, words and eyes are the same; what was felt before, and what is felt, is not."""
    chains = [{(row["event_id"], row["step"]): row["text"] for row in p.views.reasoning(0).to_pylist()} for p in stores]
    assert len(chains[0]) == 6 * len(RECORDINGS) * len(REGIONS)
    same = {step for (event, step), text in chains[0].items() if chains[1][event, step] == text}
    different = {step for (event, step), text in chains[0].items() if chains[1][event, step] != text}
    assert different == {5, 6} and same - {5} == {1, 2, 3, 4}
