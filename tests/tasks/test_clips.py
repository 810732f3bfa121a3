"""The clip stage over a real store: made once, frozen after."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from osmo.schemas.keys import make_id
from osmo.schemas.tables import CANDIDATES, CLIPS, MEDIA
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.clips import ClipStage, clip_status
from osmo.tasks.engine import run_bucket, todo


def candidates(*rows: tuple[str, str, float, float, str | None]) -> pa.Table:
    return CANDIDATES.rows(
        {
            "segment_id": segment_id, "recording_id": recording_id, "start_s": start_s, "end_s": end_s,
            "speaker": "wearer", "label": label, "votes_for": 3, "votes_cast": 4, "kept": label is not None,
            "dropped_reason": None if label else "below_quorum",
        }
        for recording_id, segment_id, start_s, end_s, label in rows
    )  # fmt: skip


class House:
    """A store of one bucket, and recordings of 300 s."""

    def __init__(self, place: Path, recordings: Sequence[str] = ("r",)) -> None:
        self.store = Store.open(str(place), buckets=1)
        self.recordings = pa.table({"recording_id": list(recordings), "duration_s": [300.0] * len(recordings)})

    def stage(self, view: pa.Table, context_s: float = 30.0) -> ClipStage:
        return ClipStage(
            candidates=lambda _: view,
            recordings=lambda _: self.recordings,
            published=lambda bucket: self.store.read(CLIPS, bucket=bucket),
            context_s=context_s,
        )

    def run(self, view: pa.Table, context_s: float = 30.0) -> tuple[int, int]:
        stage = self.stage(view, context_s)
        report = run_bucket(self.store, stage, 0, Media(MediaCache(self.store.objects), MEDIA.empty()))
        assert todo(self.store, stage, 0).rows.num_rows == 0
        return report.rows_out, report.quarantined

    @property
    def clips(self) -> list[dict[str, object]]:
        names = ["clip_id", "recording_id", "start_s", "end_s", "segment_ids", "labels"]
        rows = self.store.read(CLIPS).sort_by([("recording_id", "ascending"), ("start_s", "ascending")])
        return rows.select(names).to_pylist()


def test_makes_a_window_around_kept_candidates(tmp_path: Path) -> None:
    house = House(tmp_path, ["q", "r"])
    view = candidates(
        ("r", "b", 110.0, 112.0, "fear"), ("r", "a", 100.0, 102.0, "joy"), ("r", "c", 200.0, 201.0, None),
        ("q", "d", 5.0, 6.0, "joy"),
    )  # fmt: skip
    assert house.run(view) == (2, 0)
    ids = [make_id("clip", "q", 0, 21_000), make_id("clip", "r", 86_000, 126_000)]
    assert house.clips == [
        {
            "clip_id": ids[0], "recording_id": "q", "start_s": 0.0, "end_s": 21.0, "segment_ids": ["d"],
            "labels": ["joy"],
        },
        {
            "clip_id": ids[1], "recording_id": "r", "start_s": 86.0, "end_s": 126.0, "segment_ids": ["a", "b"],
            "labels": ["joy", "fear"],
        },
    ]  # fmt: skip


def test_a_published_clip_is_frozen_and_only_free_time_makes_clips(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.run(candidates(("r", "a", 100.0, 102.0, "joy")))
    before = house.clips
    attached = candidates(("r", "a", 100.0, 102.0, "joy"), ("r", "b", 110.0, 112.0, "fear"))
    assert house.run(attached) == (0, 0)
    assert house.run(attached, context_s=60.0) == (0, 0)
    further = candidates(("r", "b", 110.0, 112.0, "fear"), ("r", "c", 120.0, 121.0, "fear"))
    assert house.run(further) == (1, 0)
    assert house.clips[0] == before[0]
    assert (house.clips[1]["start_s"], house.clips[1]["end_s"]) == (116.0, 136.0)
    assert house.clips[1]["segment_ids"] == ["c"]


def test_status_follows_the_candidates_and_clips_stay(tmp_path: Path) -> None:
    house = House(tmp_path)
    first = candidates(("r", "a", 100.0, 102.0, "joy"), ("r", "b", 200.0, 202.0, "joy"))
    house.run(first)
    clips = house.store.read(CLIPS)
    assert clip_status(clips, first)["status"].to_pylist() == ["active", "active"]
    later = candidates(
        ("r", "a", 100.0, 102.0, None), ("r", "c", 205.0, 206.0, "fear"), ("r", "b", 200.0, 202.0, "joy")
    )
    assert clip_status(clips, later).drop_columns("clip_id").to_pylist() == [
        {"recording_id": "r", "status": "retired", "segment_ids": []},
        {"recording_id": "r", "status": "active", "segment_ids": ["b", "c"]},
    ]
    house.run(later)
    assert len(house.clips) == 2


def test_a_candidate_beyond_the_end_is_a_problem_and_the_rest_goes_on(tmp_path: Path) -> None:
    house = House(tmp_path)
    view = candidates(("r", "a", 100.0, 102.0, "joy"), ("r", "z", 400.0, 402.0, "joy"))
    stage = house.stage(view)
    outcome = stage.compute(stage.needs(0), Media(MediaCache(house.store.objects), MEDIA.empty()))
    assert outcome.rows["segment_ids"].to_pylist() == [["a"]]
    assert [(problem.warning, problem.permanent) for problem in outcome.problems] == [(True, True)]
    report = run_bucket(house.store, stage, 0, Media(MediaCache(house.store.objects), MEDIA.empty()))
    assert (report.rows_out, report.quarantined) == (1, 0)
    assert house.run(view) == (0, 1)
    assert house.run(view) == (0, 0)


def test_a_recording_that_is_no_longer_current_needs_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, ["other"])
    assert house.stage(candidates(("r", "a", 1.0, 2.0, "joy"))).needs(0).num_rows == 0


def test_keys_are_the_same_in_any_order_of_candidates(tmp_path: Path) -> None:
    house = House(tmp_path)
    rows = [("r", "a", 100.0, 102.0, "joy"), ("r", "b", 150.0, 152.0, "joy")]
    assert house.stage(candidates(*rows)).needs(0).equals(house.stage(candidates(*rows[::-1])).needs(0))
