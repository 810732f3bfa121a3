"""How often voters answer otherwise when asked again: by hand, of embedded ones, and of one that wavers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import osmo.annotators.embedded as embedded
from osmo.schemas.config import load_config
from osmo.schemas.tables import TABLES, VOTES
from osmo.storage.store import Store
from osmo.tasks.flips import NoVotesError, Said, compare, flips
from osmo.tasks.ingest import ingest
from osmo.tasks.pipeline import Pipeline, UnknownStageError

WAVERING = '''
"""A voter that says something else every third time it is asked about a segment, and nothing every fourth."""
from collections import Counter
from osmo.annotators.answer import Unanswered
from osmo.annotators.voter import Ballot

class Wavering:
    name, revision, prompt_sha, sees = "wavering", "1", None, "text"
    def __init__(self):
        self.asked, self.batches = Counter(), []
    def vote(self, utterances, media):
        self.batches.append([one.segment_id for one in utterances])
        return [self.one(one) for one in utterances]
    def one(self, one):
        self.asked[one.segment_id] += 1
        number, time = int(one.text.split()[-1]), self.asked[one.segment_id]
        if time < 3 or number % 5 == 0:
            return Ballot("joy", None, "joy", "word")
        if number % 5 == 1:
            return Ballot("fear", None, "fear", "word")
        if number % 5 == 2:
            return Ballot(None, "unclear: it wavers", "hm", None)
        if number % 5 == 3:
            return Ballot("joy", None, "joy!", "word")
        return Unanswered("gone", "nowhere")

def create_voter(models=None):
    return Wavering()
'''


def built(folder: Path, voters: list[str], segments: int = 50) -> Pipeline:
    place = folder / "recordings" / "r1"
    place.mkdir(parents=True)
    (place / "recording.json").write_text(json.dumps({"subject_id": "Ann", "duration_s": 200, "transcript": "t.csv"}))
    lines = [f"{3 * n},{3 * n + 2},Ann,I am so happy number {n}" for n in range(segments)]
    (place / "t.csv").write_text("\n".join(["start_s,end_s,speaker,text", *lines, ""]))
    file = folder / "osmo.toml"
    file.write_text(
        f'[[sources]]\npath = "recordings"\n[store]\nbuckets = 2\nflush_rows = 20\n[prescreen]\nvoters = {voters}\n'
    )
    config = load_config(file)
    store = Store.open(config.store.uri, buckets=2)
    ingest(store, config.sources)
    pipeline = Pipeline(store, config)
    for stage in ("segment", *(f"prescreen:{name}" for name in voters)):
        for bucket in pipeline.views.buckets:
            pipeline.run_bucket(stage, bucket)
    return pipeline


def test_by_hand() -> None:
    stored = {
        "a": Said("joy", "x"),
        "b": Said("joy", "x"),
        "c": Said("joy", "x"),
        "d": Said(None, "x"),
        "e": Said(None, "x"),
    }
    first = {"a": Said("joy", "x"), "b": Said("fear", "x"), "c": Said("joy", "x"), "d": Said(None, "x")}
    second = {
        "a": Said("joy", "y"),
        "b": Said("joy", "x"),
        "c": Said(None, "x"),
        "d": Said(None, "x"),
        "e": Said("joy", "x"),
    }
    found = compare("v", stored, first, second)
    assert (found.sampled, found.unanswered, found.changed.of) == (5, 1, 4)
    assert (found.changed.hits, found.labels.hits, found.abstentions.hits) == (2, 1, 1)
    assert (found.texts.hits, found.drifted.hits) == (1, 1)
    assert found.changed.low is not None and 0 < found.changed.low < 0.5


def test_embedded_voters_never_waver_and_nothing_is_stored(tmp_path: Path) -> None:
    pipeline = built(tmp_path, ["lexicon", "dialogue"]).renew()
    before = {name: len(pipeline.store.logs.parts(table)) for name, table in TABLES.items()}
    votes = pipeline.store.read(VOTES)
    for voter in ("lexicon", "dialogue"):
        found = flips(pipeline, voter, 30)
        assert (found.sampled, found.unanswered, found.changed.hits, found.texts.hits) == (30, 0, 0, 0)
        assert found.drifted.hits == 0
    assert {name: len(pipeline.store.logs.parts(table)) for name, table in TABLES.items()} == before
    assert pipeline.store.read(VOTES).equals(votes)


def test_a_voter_that_wavers_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "more"
    package.mkdir()
    (package / "wavering.py").write_text(WAVERING)
    monkeypatch.setattr(embedded, "__path__", [*embedded.__path__, str(package)])
    pipeline = built(tmp_path, ["wavering"])  # the same voter is asked on: it counts how often
    voter = pipeline.stage("prescreen:wavering")._voter  # type: ignore[attr-defined]
    voter.batches.clear()
    found = flips(pipeline, "wavering", 50, seed=7)
    assert (found.sampled, found.unanswered) == (50, 10)
    assert (found.labels.hits, found.abstentions.hits, found.changed.hits) == (10, 10, 20)
    assert found.texts.hits == 30
    assert found.drifted.hits == 0
    first, second = voter.batches[:3], voter.batches[3:]
    assert sorted(one for batch in first for one in batch) == sorted(one for batch in second for one in batch)
    assert {frozenset(batch) for batch in first}.isdisjoint({frozenset(batch) for batch in second})


def test_a_sample_is_drawn_by_its_seed_and_no_larger_than_there_is(tmp_path: Path) -> None:
    pipeline = built(tmp_path, ["lexicon"], segments=20).renew()
    assert flips(pipeline, "lexicon", 500).sampled == 20
    assert flips(pipeline, "lexicon", 5, seed=1) == flips(pipeline.renew(), "lexicon", 5, seed=1)


def test_who_has_not_voted_cannot_be_asked_again(tmp_path: Path) -> None:
    pipeline = built(tmp_path, ["lexicon"], segments=3)
    with pytest.raises(UnknownStageError):
        flips(pipeline, "valence", 5)
    other = pipeline.config.model_copy(
        update={"prescreen": pipeline.config.prescreen.model_copy(update={"voters": ("valence",)})}
    )
    with pytest.raises(NoVotesError, match="osmo prescreen"):
        flips(Pipeline(pipeline.store, other), "valence", 5)
