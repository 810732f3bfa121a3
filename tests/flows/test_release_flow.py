"""A release is made of a finished build, and made anew only where something changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osmo.flows.release_flow import UnfinishedBuildError, next_version, publish_release
from osmo.schemas.config import OsmoConfig, Source, StoreConfig
from osmo.storage.store import Store
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    """A store into which one recording was taken, and nothing else was done."""
    recording = tmp_path / "recordings" / "talk"
    recording.mkdir(parents=True)
    about = {"subject_id": "Ann", "language": "en", "duration_s": 20.0, "transcript": "transcript.csv"}
    (recording / "recording.json").write_text(json.dumps(about))
    (recording / "transcript.csv").write_text("start_s,end_s,speaker,text\n0,2,Ann,The table is in the kitchen.\n")
    store = Store.open(str(tmp_path / "store"), buckets=1)
    config = OsmoConfig(sources=(Source(path=str(recording.parent)),), store=StoreConfig(uri=store.uri, buckets=1))
    ingest(store, config.sources)
    return Pipeline(store, config)


def finish(pipeline: Pipeline) -> Pipeline:
    for stage in pipeline.stage_names:
        pipeline = pipeline.renew()
        for bucket in pipeline.views.buckets:
            pipeline.run_bucket(stage, bucket)
    return pipeline.renew()


def test_an_unfinished_build_is_not_published_unless_asked(pipeline: Pipeline) -> None:
    with pytest.raises(UnfinishedBuildError, match="media 1, segment 1") as refused:
        publish_release(pipeline)
    assert refused.value.missing == {"media": 1, "segment": 1}
    assert publish_release(pipeline, incomplete=True).version == "0.1.0"


def test_without_a_change_the_latest_release_stands(pipeline: Pipeline) -> None:
    built = finish(pipeline)
    first = publish_release(built)
    assert publish_release(built.renew()) == first
    assert publish_release(built.renew(), version="1.0.0").version == "1.0.0"


@pytest.mark.parametrize(
    ("latest", "expected"), [(None, "0.1.0"), ("0.1.0", "0.2.0"), ("1.9.3", "1.10.0")], ids=["first", "next", "carry"]
)
def test_versions_follow_each_other(latest: str | None, expected: str) -> None:
    assert next_version(latest) == expected
