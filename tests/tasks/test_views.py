"""Views hold what the configuration needs now; a change recomputes what it touches and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from osmo.schemas.config import OsmoConfig, PrescreenConfig, Source, StoreConfig
from osmo.schemas.tables import PUBLICATIONS, VOTES
from osmo.storage.store import Store
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline

LINES = [
    "0.0,2.0,Ann,I am so happy today! This is wonderful!",
    "3.0,5.0,Ben,The bus leaves at nine from the second platform.",
    "6.0,8.0,Ann,The table is in the kitchen next to the door.",
    "60.0,62.5,Ann,I am so angry! I am furious with you!",
]
STAGES = ("media", "segment", "prescreen:lexicon", "prescreen:dialogue", "prescreen:valence", "clips", "clip_media")


class World:
    """A source of one recording, and a store."""

    def __init__(self, root: Path) -> None:
        self.recording = root / "recordings" / "talk"
        self.recording.mkdir(parents=True)
        self.store = Store.open(str(root / "store"), buckets=2)
        about = {"subject_id": "Ann", "language": "en", "duration_s": 90.0, "transcript": "transcript.csv"}
        (self.recording / "recording.json").write_text(json.dumps(about))
        self.say(LINES)

    def say(self, lines: list[str]) -> None:
        text = "\n".join(["start_s,end_s,speaker,text", *lines])
        (self.recording / "transcript.csv").write_text(text + "\n")

    def config(self, **prescreen: object) -> OsmoConfig:
        settings: dict[str, object] = {"voters": ("lexicon", "dialogue", "valence"), **prescreen}
        return OsmoConfig(
            sources=(Source(path=str(self.recording.parent)),),
            store=StoreConfig(uri=self.store.uri, buckets=2),
            prescreen=PrescreenConfig.model_validate(settings),
        )

    def build(self, **prescreen: object) -> dict[str, int]:
        """Run the machine's stages; gives units computed by each."""
        config = self.config(**prescreen)
        ingest(self.store, config.sources)
        done: dict[str, int] = {}
        for stage in STAGES:
            pipeline = Pipeline(self.store, config)
            done[stage] = sum(pipeline.renew().run_bucket(stage, bucket).rows_in for bucket in pipeline.views.buckets)
        return done

    def pipeline(self, **prescreen: object) -> Pipeline:
        return Pipeline(self.store, self.config(**prescreen))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_second_build_computes_nothing(world: World) -> None:
    first = world.build()
    assert first["prescreen:lexicon"] == 4
    assert first["clips"] == 1
    assert set(world.build().values()) == {0}


def test_a_changed_line_is_voted_on_again_and_the_others_are_not(world: World) -> None:
    world.build()
    world.say([*LINES[:2], "6.0,8.0,Ann,I hate this disgusting table.", LINES[3]])
    done = world.build()
    assert done["segment"] == 1
    assert done["prescreen:lexicon"] == 1
    assert done["prescreen:dialogue"] == 2  # the line itself, and the one that it is heard before
    views = world.pipeline().views
    votes = views.everywhere(views.votes).to_pylist()
    assert len(votes) == 12
    assert world.store.read(VOTES).num_rows == 12 + 1 + 2 + done["prescreen:valence"]


def test_a_line_put_back_finds_its_old_votes(world: World) -> None:
    world.build()
    world.say([*LINES[:3], "60.0,62.5,Ann,Nothing much happened here at all."])
    world.build()
    world.say(LINES)
    done = world.build()
    assert {name: done[name] for name in done if name.startswith("prescreen")} == {
        "prescreen:lexicon": 0,
        "prescreen:dialogue": 0,
        "prescreen:valence": 0,
    }


def test_clips_that_nobody_wants_any_more_are_retired_unless_people_saw_them(world: World) -> None:
    world.build()
    views = world.pipeline().views
    clips = views.everywhere(views.clips)
    assert clips.num_rows == 2
    assert views.everywhere(views.wanted_clips).num_rows == 2

    strict = world.pipeline(quorum=4).views
    assert strict.everywhere(strict.clips).num_rows == 2
    assert strict.everywhere(strict.wanted_clips).num_rows == 0

    shown = clips.to_pylist()[0]
    row = {name: shown[name] for name in ("clip_id", "recording_id")}
    row |= {"instance": "i", "project_id": 1, "task_id": 1, "media_sha256": "0" * 64}
    bucket = world.store.bucket(shown["recording_id"])
    world.store.append(PUBLICATIONS, bucket, PUBLICATIONS.rows([row]), fingerprint="f", input_keys=pa.array(["k"]))
    strict = world.pipeline(quorum=4).views
    assert strict.everywhere(strict.wanted_clips)["clip_id"].to_pylist() == [shown["clip_id"]]
