"""The report and the picture of a real store's votes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from osmo.schemas.config import load_config
from osmo.storage.store import Store
from osmo.tasks.human_labels import human_labels
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.vote_picture import draw_votes
from osmo.tasks.vote_report import counted, ranking, second_opinion, vote_report

SAID = (
    ("Ann", "I am so happy, this is wonderful!", "joy"),
    ("Ben", "I love it, what a delightful surprise!", "joy"),
    ("Ann", "I am so sad, I cried all night.", "sadness"),
    ("Ann", "Could you hand me the cup?", "neutral"),
    ("Ann", "I hate this, it makes me so angry!", "anger"),
)
VOTERS = ("lexicon", "dialogue", "valence")


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    for number in range(4):
        place = tmp_path / "recordings" / f"r{number}"
        place.mkdir(parents=True)
        about = {"subject_id": "Ann", "language": "en", "duration_s": 30, "transcript": "t.csv", "labels": "labels.csv"}
        (place / "recording.json").write_text(json.dumps(about))
        spans = [(5 * n, 5 * n + 4, *said) for n, said in enumerate(SAID)]
        lines = [f'{start},{end},{who},"{text}"' for start, end, who, text, _ in spans]
        (place / "t.csv").write_text("\n".join(["start_s,end_s,speaker,text", *lines, ""]))
        labels = [f"{start},{end},{who},{emotion}" for start, end, who, _, emotion in spans]
        (place / "labels.csv").write_text("\n".join(["start_s,end_s,speaker,emotion", *labels, ""]))
    file = tmp_path / "osmo.toml"
    voters = json.dumps(VOTERS)
    file.write_text(
        f'[[sources]]\npath = "recordings"\n[store]\nbuckets = 2\n[prescreen]\nvoters = {voters}\nquorum = 2\n'
    )
    config = load_config(file)
    store = Store.open(config.store.uri, buckets=2)
    ingest(store, config.sources)
    for stage in ("segment", *(f"prescreen:{name}" for name in VOTERS)):
        pipeline = Pipeline(store, config)
        for bucket in pipeline.views.buckets:
            pipeline.run_bucket(stage, bucket)
    return Pipeline(store, config)


def test_the_report_adds_up(pipeline: Pipeline) -> None:
    labels, _ = human_labels(pipeline.views.all_recordings())
    report = vote_report(pipeline, labels)
    candidates = pipeline.views.everywhere(pipeline.views.candidates)
    assert report.segments == candidates.num_rows == sum(one.segments for one in report.patterns) == 20
    assert (
        sum(one.kept for one in report.patterns) == candidates["kept"].to_pylist().count(True) == report.second.kept > 0
    )
    assert sum(one.other_speaker for one in report.patterns) == 4
    for one in report.coverage:
        column = candidates[f"label_{one.voter}"]
        assert one.labelled == candidates.num_rows - column.null_count
        assert sum(one.abstained.values()) == column.null_count
        assert all(":" not in reason for reason in one.abstained)
    assert [(one.first, one.second) for one in report.pairs] == [
        ("lexicon", "dialogue"), ("lexicon", "valence"), ("dialogue", "valence")
    ]  # fmt: skip
    assert report.alpha is not None and report.alpha <= 1
    kept, overlap, clips, regions = report.human
    assert kept.ours.of == overlap.ours.of == report.second.kept
    assert (clips.ours.of, regions.ours.of) == (0, 0)
    assert report.second.same <= report.second.majorities


def test_kept_segments_are_ranked_and_none_is_added_or_lost(pipeline: Pipeline) -> None:
    before = pipeline.views.everywhere(pipeline.views.candidates)
    votes = counted(pipeline)
    opinion = second_opinion(votes)
    kept = ranking(votes, opinion)
    wanted = before.filter(before["kept"])
    assert sorted(map(str, kept["segment_id"].to_pylist())) == sorted(map(str, wanted["segment_id"].to_pylist()))
    assert dict(zip(kept["segment_id"].to_pylist(), kept["label"].to_pylist(), strict=True)) == dict(
        zip(wanted["segment_id"].to_pylist(), wanted["label"].to_pylist(), strict=True)
    )
    posterior = np.asarray(kept["posterior"].to_numpy())
    assert (np.diff(posterior) <= 0).all() and (posterior <= 1).all()
    everyone = ranking(votes, opinion, kept_only=False)
    assert everyone.num_rows == before.num_rows
    sums = np.sum([everyone[f"p_{label}"].to_numpy() for label in votes.labels], axis=0)
    np.testing.assert_allclose(sums, 1)
    assert everyone["posterior"].null_count == before["label"].null_count
    assert pipeline.renew().views.everywhere(pipeline.renew().views.candidates).equals(before)


def test_a_label_that_no_voter_knows_has_no_code(pipeline: Pipeline) -> None:
    votes = counted(pipeline)
    codes = votes.codes_of(["joy", None, "bliss", "neutral"])
    assert codes.tolist() == [votes.labels.index("joy"), -1, -1, votes.labels.index("neutral")]
    assert votes.codes_of(pa.chunked_array([], pa.string())).tolist() == []


def test_the_picture_shows_who_agrees(pipeline: Pipeline, tmp_path: Path) -> None:
    labels, _ = human_labels(pipeline.views.all_recordings())
    draw_votes(vote_report(pipeline, labels), tmp_path / "votes.png")
    with Image.open(tmp_path / "votes.png") as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000
        colours = {colour for _, colour in picture.convert("RGB").getcolors(maxcolors=1 << 20) or ()}
    assert (47, 128, 87) in colours, "kept"
    assert (232, 163, 61) in colours, "another speaker"
