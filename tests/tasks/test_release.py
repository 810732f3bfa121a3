"""Releases: published whole or not at all, opened by every tool, refused after any changed byte."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from releases_fixture import Release, World, tree

from osmo.schemas.config import OsmoConfig, Source
from osmo.schemas.endpoints import Endpoint
from osmo.storage import releases
from osmo.storage.release_files import ReleaseConflictError
from osmo.tasks.release import config_snapshot
from osmo.tasks.release_tables import SORT_KEYS, ReleaseInputError


def test_a_release_holds_every_table_and_verifies_on_disk_and_on_s3(world_anywhere: World, release: Release) -> None:
    manifest = release(world_anywhere, rows_per_part=10, rows_per_shard=5)
    opened = releases.open("toy", "0.1.0", store=world_anywhere.store)
    assert opened.verify() == []
    assert opened.manifest == manifest
    assert set(manifest.tables) == set(SORT_KEYS)
    assert manifest.tables["events"] == opened.table("events").num_rows == 24
    assert len([file for file in manifest.files if file.path.startswith("data/events/")]) == 3
    assert [line.version for line in releases.list_releases(world_anywhere.store)] == ["0.1.0"]


def test_the_media_of_every_event_is_found_from_it(world_anywhere: World, release: Release) -> None:
    for version, include in (("0.1.0", True), ("0.2.0", False)):
        release(world_anywhere, version=version, include_media=include)
        opened = releases.open("toy", store=world_anywhere.store)
        for row in opened.table("events").to_pylist():
            _, rid, index = row["clip_id"].split("-", 1)[0], row["recording_id"], row["clip_id"][-1]
            assert opened.media(row["event_id"]).read_bytes().startswith(f"video of {rid}, clip {index}".encode())
            assert (row["media_path"] is None) == (not include)
    with pytest.raises(releases.ReleaseMediaError, match="no such event"):
        opened.media("event-nobody")


def test_the_splits_of_a_protocol_partition_its_events(world: World, release: Release) -> None:
    manifest = release(world)
    opened = releases.open("toy", store=world.store)
    splits = opened.table("splits")
    for proof in manifest.proofs:
        assert not proof.violations
        for split in ("train", "validation", "test"):
            mine = splits.filter(
                pc.and_(pc.equal(splits["protocol"], proof.protocol), pc.equal(splits["split"], split))
            )
            ids = set(opened.split(proof.protocol, split)["event_id"].to_pylist())
            assert ids == set(mine["event_id"].to_pylist())
            assert len(ids) == proof.counts[split] > 0


def test_datasets_duckdb_pandas_and_polars_open_it_as_it_lies(
    world: World, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    manifest = release(world, rows_per_part=10)
    opened = releases.open("toy", store=world.store)
    folder, cache = opened.uri, str(tmp_path / "hf")
    expected = opened.table("events")["event_id"].to_pylist()
    assert manifest.tables["reviews"] == 0
    for table, rows in manifest.tables.items():
        if rows == 0:  # `datasets` knows no empty split
            continue
        loaded = datasets.load_dataset(folder, table, split="full", cache_dir=cache)
        assert loaded.num_rows == rows
    loaded = datasets.load_dataset(folder, "events", split="full", cache_dir=cache)
    assert loaded["event_id"][:] == expected
    parts = datasets.load_dataset(folder, "events-xsub", cache_dir=cache)
    assert {name: part.num_rows for name, part in parts.items()} == {
        name: next(p for p in manifest.proofs if p.protocol == "xsub").counts[name] for name in parts
    }
    found = duckdb.connect().execute(f"SELECT event_id FROM read_parquet('{folder}/data/events/*.parquet')").fetchall()
    assert [row[0] for row in found] == expected
    assert pd.read_parquet(f"{folder}/data/events")["event_id"].tolist() == expected
    assert pl.read_parquet(f"{folder}/data/events/*.parquet")["event_id"].to_list() == expected
    assert pl.read_parquet(f"{folder}/data/reviews/*.parquet").height == 0


def test_one_changed_byte_anywhere_is_refused(world: World, release: Release) -> None:
    release(world)
    root = Path(world.store.uri) / "releases"
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        good = file.read_bytes()
        for place in {0, len(good) // 3, len(good) // 2, len(good) - 1}:
            bad = bytearray(good)
            bad[place] ^= 1
            file.write_bytes(bad)
            assert releases.verify("toy", "0.1.0", store=world.store.uri), f"{file} byte {place}"
        file.write_bytes(good[:-1])
        assert releases.verify("toy", "0.1.0", store=world.store.uri), f"{file} cut short"
        file.unlink()
        if "catalog" in file.parts:
            with pytest.raises(releases.ReleaseNotFoundError):
                releases.verify("toy", "0.1.0", store=world.store.uri)
        else:
            assert releases.verify("toy", "0.1.0", store=world.store.uri), f"{file} gone"
        file.write_bytes(good)
    assert releases.verify("toy", "0.1.0", store=world.store.uri) == []
    (root / "toy/0.1.0/data/events/part-9.parquet").write_bytes(b"")
    assert releases.verify("toy", store=world.store.uri) == [
        "releases/toy/0.1.0/data/events/part-9.parquet: not listed in the manifest"
    ]


def test_a_table_with_a_changed_byte_is_never_returned(world: World, release: Release) -> None:
    release(world)
    opened = releases.open("toy", store=world.store)
    part = Path(opened.uri) / "data/events/part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    with pytest.raises(releases.ReleaseDamagedError, match="sha256"):
        opened.table("events")
    assert opened.table("clips").num_rows == 24


def test_the_same_content_gives_the_same_bytes(world: World, release: Release, tmp_path: Path) -> None:
    release(world)
    first = tree(Path(world.store.uri) / "releases" / "toy")
    shutil.rmtree(Path(world.store.uri) / "releases")
    shuffled = {
        name: table.take(pa.array(range(table.num_rows - 1, -1, -1), pa.int64()))
        for name, table in world.tables.items()
    }
    release(world.having(**shuffled))
    assert tree(Path(world.store.uri) / "releases" / "toy") == first


def test_killed_after_any_write_it_is_invisible_and_completed_by_a_second_run(world: World, release: Release) -> None:
    manifest = release(world)
    root = Path(world.store.uri) / "releases"
    folder = root / "toy/0.1.0"
    complete = tree(folder)
    # In the order of writing: the files by path, the manifest, then the catalog entry, which is gone in each case.
    written = [file.path for file in manifest.files] + ["manifest.json"]
    assert sorted(written) == sorted(complete)
    for count in range(len(written) + 1):
        (root / "catalog/toy@0.1.0.json").unlink()
        for path in written[count:]:
            (folder / path).unlink()
        with pytest.raises(releases.ReleaseNotFoundError, match="run again"):
            releases.open("toy", store=world.store)
        release(world)
        assert tree(folder) == complete
        assert releases.verify("toy", store=world.store) == []


def test_a_published_version_is_left_alone_and_never_gets_other_content(world: World, release: Release) -> None:
    release(world)
    root = Path(world.store.uri) / "releases"
    before = tree(root)
    release(world)
    assert tree(root) == before
    with pytest.raises(ReleaseConflictError, match="next version"):
        release(world, title="Another", rows_per_part=3)
    assert tree(root) == before


def test_a_half_written_version_with_other_content_is_refused_before_anything_is_written(
    world: World, release: Release
) -> None:
    stray = Path(world.store.uri) / "releases/toy/0.1.0/data/events/part-00007.parquet"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"of an earlier attempt")
    before = tree(Path(world.store.uri))
    with pytest.raises(ReleaseConflictError, match="part-00007"):
        release(world)
    assert tree(Path(world.store.uri)) == before


def test_nothing_of_the_machine_or_of_persons_leaks(world: World, release: Release) -> None:
    manifest = release(world)
    folder = Path(releases.open("toy", store=world.store).uri)
    assert manifest.holdings.redacted_texts == 24
    texts = [
        str(pq.read_table(path, partitioning=None).to_pylist()) if path.suffix == ".parquet" else path.read_text()
        for path in folder.rglob("*")
        if path.suffix in (".parquet", ".json", ".md")
    ]
    for secret in ("/srv", "lab-bucket", "ann@example.org", world.store.uri):
        assert not [text for text in texts if secret in text], secret
    recording = pq.read_table(folder / "data/recordings/part-00000.parquet").to_pylist()[0]
    assert recording["video"][0]["uri"] == "video.mp4"
    assert recording["transcript_uri"] == "transcript.csv"
    assert recording["source_uri"] == "ann-0"


def test_the_parent_is_named_by_its_manifest(world: World, release: Release) -> None:
    release(world)
    child = release(world, version="0.2.0", parent="toy@0.1.0")
    assert child.parent is not None
    catalog = json.loads((Path(world.store.uri) / "releases/catalog/toy@0.1.0.json").read_text())
    assert child.parent.manifest_sha256 == catalog["manifest_sha256"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "Toy Set"}, "name 'Toy Set'"),
        ({"version": "1.0"}, "version '1.0'"),
        ({"version": "../../etc"}, "three numbers"),
        ({"parent": "toy@9.9.9"}, "no published release"),
        ({"parent": "toy"}, "not name@version"),
        ({"title": "By ann@example.org"}, "e-mail"),
    ],
)
def test_what_cannot_be_published_is_refused_and_nothing_is_written(
    world: World, release: Release, options: dict[str, object], says: str
) -> None:
    with pytest.raises(ReleaseInputError, match=says):
        release(world, **options)
    assert releases.list_releases(world.store) == []
    assert not (Path(world.store.uri) / "releases").exists()


def test_an_agreement_figure_on_simulated_work_is_refused(world: World, release: Release) -> None:
    events = world.tables["events"]
    index = events.schema.get_field_index("agreement")
    figure = pa.array([1.0] * events.num_rows)
    with pytest.raises(ReleaseInputError, match="no agreement figure"):
        release(world.having(events=events.set_column(index, events.schema.field(index), figure)))


def test_a_missing_video_is_said(world: World, release: Release) -> None:
    uri = world.tables["media"]["uri"][0].as_py()
    (Path(world.store.uri) / uri).unlink()
    with pytest.raises(ReleaseInputError, match="not in the store"):
        release(world)


def test_a_release_without_any_event_is_still_one(world: World, release: Release) -> None:
    empty = {name: table.slice(0, 0) for name, table in world.tables.items()}
    manifest = release(world.having(**empty))
    assert manifest.tables["events"] == 0
    opened = releases.open("toy", store=world.store)
    assert opened.verify() == []
    assert opened.table("events").num_rows == opened.split("xsub", "test").num_rows == 0


def test_the_config_snapshot_holds_thresholds_and_no_address() -> None:
    models = {
        "desta": Endpoint(url="http://gpu-1:8103", model="d", revision="0" * 40, api_key_variable="THE_KEY"),
        "qwen2_audio": Endpoint(transport="local", model="/srv/weights/qwen", allow_unpinned=True),
    }
    config = OsmoConfig(sources=(Source(path="/srv/raw/toy"),), models=models)
    snapshot = config_snapshot(config)
    told = snapshot["models"]
    assert isinstance(told, dict)
    assert [(name, one["model"], one["revision"]) for name, one in told.items()] == [  # type: ignore[index, call-overload]
        ("desta", "d", "0" * 40),
        ("qwen2_audio", "qwen", None),
    ]
    assert [word for word in ("gpu-1", "THE_KEY", "/srv") if word in json.dumps(snapshot)] == []
    patient = {
        name: endpoint.model_copy(update={"timeout_s": 9.0, "concurrency": 1}) for name, endpoint in models.items()
    }
    cheap = config.cost.model_copy(update={"gpu_hour": 0.5})
    assert config_snapshot(config.model_copy(update={"models": patient, "cost": cheap})) == snapshot
    assert snapshot["sources"] == [{"adapter": "folder", "name": "toy"}]
    assert "store" not in snapshot
    assert json.dumps(snapshot["quality"]).count("accept_score") == 1


def test_times_in_the_catalog_are_of_the_publication(world: World, release: Release) -> None:
    before = datetime.now(UTC)
    release(world)
    line = releases.list_releases(world.store)[0]
    assert line.created_at is not None
    assert before <= line.created_at <= datetime.now(UTC)


def test_two_builds_at_once_publish_one_release(world_anywhere: World, release: Release) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: release(world_anywhere), range(2))
    assert first == second
    assert releases.verify("toy", store=world_anywhere.store) == []
