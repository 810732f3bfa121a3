"""The loader of events: a protocol's split of a verified release."""

from __future__ import annotations

import pytest
from releases_fixture import Release, World

from osiris_train.data import load_events
from osmo.storage.releases import UnknownTableError


def test_the_events_of_a_split_come_as_a_frame(world_anywhere: World, release: Release) -> None:
    manifest = release(world_anywhere)
    counts = next(proof for proof in manifest.proofs if proof.protocol == "xtime").counts
    for split in ("train", "validation", "test"):
        frame = load_events("toy", "0.1.0", protocol="xtime", split=split, store=world_anywhere.store.uri)
        assert len(frame) == counts[split]
        assert frame["start_s"].notna().all()
        assert list(frame["emotions"].iloc[0]) == ["joy"]


def test_an_unknown_protocol_is_refused(world: World, release: Release) -> None:
    release(world)
    with pytest.raises(UnknownTableError, match="xmoon"):
        load_events("toy", protocol="xmoon", split="train", store=world.store)
