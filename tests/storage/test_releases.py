"""Opening releases: by name, the latest that stands, refused when revoked, damaged or of another format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from releases_fixture import Release, World

from osmo.storage import releases


def test_the_latest_version_is_by_number_and_passes_over_revoked_ones(world: World, release: Release) -> None:
    for version in ("0.9.0", "0.10.0", "0.2.0"):
        release(world, version=version)
    assert releases.open("toy", store=world.store.uri).manifest.version == "0.10.0"
    releases.revoke(world.store, "toy", "0.10.0", replacement="0.9.0", reason="wrong clock")
    assert releases.open("toy", store=world.store.uri).manifest.version == "0.9.0"
    listed = {line.version: line.usable for line in releases.list_releases(world.store)}
    assert listed == {"0.2.0": True, "0.9.0": True, "0.10.0": False}


def test_a_revoked_release_is_refused_and_names_its_replacement(world_anywhere: World, release: Release) -> None:
    store = world_anywhere.store
    release(world_anywhere)
    release(world_anywhere, version="0.1.1")
    first = releases.revoke(store, "toy", "0.1.0", replacement="0.1.1", reason="wrong clock")
    with pytest.raises(releases.ReleaseRevokedError, match=r"wrong clock\. Use toy@0\.1\.1"):
        releases.open("toy", "0.1.0", store=store)
    assert "revoked" in releases.verify("toy", "0.1.0", store=store)[0]
    assert releases.revoke(store, "toy", "0.1.0", replacement=None, reason="again") == first


def test_a_changed_revocation_does_not_bring_the_release_back(world: World, release: Release) -> None:
    release(world)
    releases.revoke(world.store, "toy", "0.1.0", replacement=None, reason="wrong clock")
    file = Path(world.store.uri) / "releases/catalog/toy@0.1.0.revoked.json"
    good = file.read_bytes()
    for place in range(len(good)):
        file.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with pytest.raises(releases.ReleaseError):
            releases.open("toy", "0.1.0", store=world.store)
        with pytest.raises(releases.ReleaseError):
            releases.open("toy", store=world.store)


def test_every_byte_of_the_catalog_entry_counts(world: World, release: Release) -> None:
    release(world)
    file = Path(world.store.uri) / "releases/catalog/toy@0.1.0.json"
    good = file.read_bytes()
    for place in range(len(good)):
        for bit in (1, 2, 32):
            file.write_bytes(good[:place] + bytes([good[place] ^ bit]) + good[place + 1 :])
            with pytest.raises((releases.ReleaseDamagedError, releases.ReleaseFormatError)):
                releases.open("toy", "0.1.0", store=world.store)


def test_an_unknown_release_is_named_with_those_there_are(world: World, release: Release) -> None:
    release(world)
    with pytest.raises(releases.ReleaseNotFoundError, match=r"no published release toys.*toy@0\.1\.0"):
        releases.open("toys", store=world.store)
    with pytest.raises(releases.ReleaseNotFoundError, match="toy@9"):
        releases.open("toy", "9.0.0", store=world.store)
    with pytest.raises(releases.ReleaseNotFoundError):
        releases.revoke(world.store, "toy", "0.1.0", replacement="0.2.0", reason="no such replacement")
    assert releases.open("toy", store=world.store).label == "toy@0.1.0"


def test_another_format_is_told_from_damage(world: World, release: Release) -> None:
    release(world)
    file = Path(world.store.uri) / "releases/catalog/toy@0.1.0.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 2}))
    with pytest.raises(releases.ReleaseFormatError, match="format 2"):
        releases.open("toy", "0.1.0", store=world.store)


def test_unknown_tables_protocols_and_splits_are_named(world: World, release: Release) -> None:
    release(world)
    opened = releases.open("toy", store=world.store)
    with pytest.raises(releases.UnknownTableError, match=r"'pulls'.*Available: annotations"):
        opened.table("pulls")
    with pytest.raises(releases.UnknownTableError, match="xsub, xtime"):
        opened.split("xmoon", "train")
    with pytest.raises(releases.UnknownTableError, match="'all'"):
        opened.split("xsub", "all")


def test_changed_media_is_not_given_out(world: World, release: Release) -> None:
    release(world)
    opened = releases.open("toy", store=world.store)
    event_id = opened.table("events")["event_id"][0].as_py()
    path = opened.media(event_id)
    path.write_bytes(b"another video")
    with pytest.raises(releases.ReleaseMediaError, match="sha256"):
        opened.media(event_id)
    path.unlink()
    with pytest.raises(releases.ReleaseMediaError, match="not in the store"):
        opened.media(event_id)


def test_the_configured_store_is_the_default(
    world: World, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(world)
    config = tmp_path / "osmo.toml"
    config.write_text('[store]\nuri = "store"\n')
    monkeypatch.setenv("OSMO_CONFIG", str(config))
    assert releases.open("toy").uri == str(Path(world.store.uri) / "releases/toy/0.1.0")
