"""croissant.json: valid JSON-LD of the standard, and what it describes can be read through it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from releases_fixture import Release, World

from osmo.storage import releases


def test_every_parquet_file_is_listed_with_its_hash(world: World, release: Release) -> None:
    manifest = release(world, rows_per_part=10)
    document = json.loads((Path(releases.open("toy", store=world.store).uri) / "croissant.json").read_text())
    listed = {item["@id"]: item["sha256"] for item in document["distribution"] if item["@type"] == "cr:FileObject"}
    assert listed == {file.path: file.sha256 for file in manifest.files if file.rows is not None}
    assert {item["@id"] for item in document["recordSet"]} == set(manifest.tables)
    assert document["description"].count("SIMULATED") == 1


def test_the_reference_implementation_accepts_and_reads_it(world: World, release: Release) -> None:
    croissant = pytest.importorskip("mlcroissant", reason="mlcroissant is no dependency: installed by hand to check")
    manifest = release(world, rows_per_part=10)
    dataset = croissant.Dataset(str(Path(releases.open("toy", store=world.store).uri) / "croissant.json"))
    assert not dataset.metadata.issues.errors
    for table in ("events", "annotations", "reasoning", "splits"):
        assert len(list(dataset.records(table))) == manifest.tables[table]
