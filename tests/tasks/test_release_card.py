"""The dataset card: says first whose work it is, gives counts, loads, and means every column."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest
import yaml
from releases_fixture import Release, World

from osmo.schemas.manifest import Holdings
from osmo.storage import releases
from osmo.tasks.release_card import caveats


def holdings(*sources: str, synthetic: int = 0) -> Holdings:
    return Holdings.model_validate(
        {"sources": sources, "synthetic_recordings": synthetic, "recordings": 3, "subjects": 1, "events": 1, "hours": 1}
    )


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (holdings("person"), []),
        (holdings("person", "replayed"), ["REPLAYED", "No agreement figure"]),
        (holdings("simulated", synthetic=2), ["SIMULATED", "2 of its 3 recordings are SYNTHETIC", "No agreement"]),
        (holdings("person", synthetic=3), ["3 of its 3 recordings are SYNTHETIC"]),
    ],
    ids=["people", "replayed", "simulated", "synthetic"],
)
def test_what_is_not_people_and_recordings_is_said(held: Holdings, words: list[str]) -> None:
    said = " ".join(caveats(held))
    assert bool(said) == bool(words)
    assert all(word in said for word in words)


def test_it_begins_with_the_note_and_explains_every_column(world: World, release: Release) -> None:
    manifest = release(world)
    opened = releases.open("toy", store=world.store)
    _, front, body = (Path(opened.uri) / "README.md").read_text().split("---\n", 2)
    assert body.strip().splitlines()[2].startswith("> **Note.** It holds SIMULATED annotations")
    for table in manifest.tables:
        for field in opened.table(table).schema:
            assert f"| {field.name} | " in body
            assert (field.metadata or {}).get(b"doc"), f"{table}.{field.name} has no description"
    assert "24 events of 4 known subjects in 12 recordings, 1.00 hours" in body
    configs = {config["config_name"] for config in yaml.safe_load(front)["configs"]}
    assert configs == set(manifest.tables) - {"reviews"} | {"events-xsub", "events-xtime"}
    assert "Without rows, and so unknown to `datasets` (the others open them): reviews." in body


def test_an_empty_split_is_explained(world: World, release: Release) -> None:
    events = world.tables["events"]
    release(world.having(events=events.filter(pc.equal(events["subject_id"], "ann"))), title='A "quoted": title')
    _, front, body = (Path(releases.open("toy", store=world.store).uri) / "README.md").read_text().split("---\n", 2)
    assert "test is empty: 1 known subjects form 1 groups" in body
    parsed = yaml.safe_load(front)
    assert parsed["pretty_name"] == 'A "quoted": title'
    splits = next(config for config in parsed["configs"] if config["config_name"] == "events-xsub")["data_files"]
    assert [item["split"] for item in splits] == ["train"]
