"""The stage of evidence: keys that follow the media and who speaks, tracks that are written once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from osmo.schemas.tables import MEDIA, RECORDINGS, SEGMENTS
from osmo.storage.media import Media
from osmo.tasks.tracks.acoustic import ACOUSTIC_TRACK, AcousticTracker
from osmo.tasks.tracks.registry import tracker
from osmo.tasks.tracks.stage import TrackStage
from osmo.tasks.tracks.tracker import Recorded

RECORDING: dict[str, object] = {
    "recording_id": "r", "dataset": "d", "duration_s": 3.0, "time_domain": "unknown", "synthetic": False,
    "metadata": "{}", "source": "folder", "source_uri": "r", "recording_key": "k",
}  # fmt: skip


def segment(start_s: float, end_s: float, speaker: str | None, **more: object) -> dict[str, object]:
    return {
        "recording_id": "r", "segment_id": f"s{start_s}", "start_s": start_s, "end_s": end_s, "text": "So it is.",
        "speaker": speaker, "in_media": True, **more,
    }  # fmt: skip


def stage(
    place: Any,
    *rows: dict[str, object],
    name: str = "acoustic",
    segments: tuple[dict[str, object], ...] = (),
    **more: Any,
) -> TrackStage:
    return TrackStage(
        more.pop("tracker", None) or tracker(name),
        cache=place.cache,
        recordings=lambda _: RECORDINGS.rows([{**RECORDING, **more}]),
        media_rows=lambda _: MEDIA.rows(rows),
        segments=lambda _: SEGMENTS.rows(segments),
        scratch=place.folder,
    )


def key(made: TrackStage) -> str:
    return str(made.needs(0)["input_key"][0].as_py())


def hum(place: Any, level: float = 0.1) -> dict[str, object]:
    return place.sound(level * np.sin(np.arange(48_000) * 0.06))  # type: ignore[no-any-return]


def test_a_track_lies_in_the_cache_under_its_hash_with_a_row(place: Any) -> None:
    row = hum(place)
    made = stage(place, row, segments=(segment(0.5, 1.5, "wearer"),))
    needs = made.needs(0)
    outcome = made.compute(needs, place.media(row))
    [media] = MEDIA.check(outcome.rows, body=True).to_pylist()
    assert list(outcome.input_keys) == needs["input_key"].to_pylist() and not outcome.problems
    assert (media["kind"], media["source_sha256"], media["duration_s"]) == ("acoustic_track", row["sha256"], 3.0)
    file = Path(place.folder / "store" / media["uri"])
    assert hashlib.sha256(file.read_bytes()).hexdigest() == media["sha256"]
    assert pq.read_schema(file).equals(ACOUSTIC_TRACK)
    track = Media(place.cache, outcome.rows).track("r", "acoustic_track", 1.0, 2.0)
    assert track is not None and track["time_s"].to_pylist() == [n / 100 for n in range(100, 200)]
    assert track["speaker"].to_pylist() == ["wearer"] * 50 + ["none"] * 50
    assert not list(place.folder.glob("osmo-tracks-*")), "nothing stays in the making"


def test_equal_input_gives_equal_bytes(place: Any) -> None:
    row = hum(place)
    first, again = (stage(place, row).compute(stage(place, row).needs(0), place.media(row)) for _ in range(2))
    assert first.rows.equals(again.rows)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"segments": (segment(0.5, 1.5, "wearer", text="Other words.", text_key="t"),)}, True),
        ({"segments": (segment(0.5, 1.5, "other"),)}, False),
        ({"segments": (segment(0.5, 1.6, "wearer"),)}, False),
        ({"segments": (segment(0.5, 1.5, "wearer"), segment(9, 10, "wearer", in_media=False))}, True),
        ({"eye_fps": 10.0}, True),
    ],
    ids=["nothing", "words", "speaker", "times", "outside", "eye-camera"],
)
def test_the_key_follows_the_sound_and_who_speaks(place: Any, change: dict[str, Any], same: bool) -> None:
    row = hum(place)
    base = {"segments": (segment(0.5, 1.5, "wearer"),)}
    assert (key(stage(place, row, **base)) == key(stage(place, row, **(base | change)))) is same
    assert key(stage(place, row, **base)) != key(stage(place, hum(place, 0.2), **base))


def test_a_tracker_of_pictures_does_not_ask_who_speaks(place: Any) -> None:
    row = place.proxy([np.full((36, 64), 90, np.uint8)] * 10)
    alone, spoken = (stage(place, row, name="visual", segments=s) for s in ((), (segment(0, 1, "wearer"),)))
    assert alone.needs(0).equals(spoken.needs(0))


def test_a_speaker_whom_nobody_tells_is_unknown(place: Any) -> None:
    row = hum(place)
    made = stage(place, row, segments=(segment(0, 1, None), segment(1, 2, "unknown")))
    outcome = made.compute(made.needs(0), place.media(row))
    track = Media(place.cache, outcome.rows).track("r", "acoustic_track", 0, 2)
    assert track is not None and set(track["speaker"].to_pylist()) == {"unknown"}


@pytest.mark.parametrize(
    ("kind", "name", "stand_in"),
    [("audio", "acoustic", {"silent": True}), ("proxy", "visual", {"captioned": True})],
)
def test_a_stand_in_needs_no_track(place: Any, kind: str, name: str, stand_in: dict[str, bool]) -> None:
    row = hum(place) if kind == "audio" else place.proxy([np.full((36, 64), 90, np.uint8)] * 10)
    assert stage(place, row, name=name).needs(0).num_rows == 1
    assert stage(place, {**row, **stand_in}, name=name).needs(0).num_rows == 0
    assert stage(place, name=name).needs(0).num_rows == 0


@pytest.mark.parametrize(("damage", "permanent"), [(b"RIFF no sound", True), (None, False)], ids=["broken", "gone"])
def test_media_that_cannot_be_read_is_a_problem(place: Any, damage: bytes | None, permanent: bool) -> None:
    row = hum(place)
    file = place.folder / "store" / str(row["uri"])
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    made = stage(place, row)
    outcome = made.compute(made.needs(0), place.media(row))
    [problem] = outcome.problems
    assert outcome.rows.num_rows == 0 and problem.permanent is permanent
    assert str(row["sha256"]) in problem.where and "\n" not in problem.what
    assert not list(place.folder.glob("osmo-tracks-*"))


def test_the_fingerprint_is_that_of_the_trackers_revision(place: Any) -> None:
    class Later(AcousticTracker):
        @property
        def revision(self) -> str:
            return "later"

    assert stage(place).fingerprint != stage(place, tracker=Later()).fingerprint
    assert stage(place).name == "evidence:acoustic" and stage(place).writes is MEDIA


def test_a_track_in_the_making_is_not_in_the_cache(place: Any) -> None:
    """One that fails halfway leaves nothing: a track is there as a whole or not at all."""

    class Broken(AcousticTracker):
        def track(self, recorded: Recorded, media: Media) -> Iterator[pa.Table]:
            yield from super().track(recorded, media)
            raise FileNotFoundError("the cached sound went while it was read")

    row = hum(place)
    files = sorted(place.folder.glob("store/media/*/*"))
    made = stage(place, row, tracker=Broken())
    [problem] = made.compute(made.needs(0), place.media(row)).problems
    assert "went while" in problem.what and not problem.permanent
    assert sorted(place.folder.glob("store/media/*/*")) == files
