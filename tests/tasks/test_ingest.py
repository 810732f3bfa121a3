"""Ingest: what is new is read, what is unchanged is not opened, what is wrong has a row."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from osmo.schemas.config import Source
from osmo.schemas.extensions import UnknownExtensionError
from osmo.schemas.tables import ERASURES, PROBLEMS, RECORDINGS, RUNS
from osmo.storage.objects import Objects
from osmo.storage.store import Store
from osmo.tasks.ingest import current_recordings, ingest
from osmo.tasks.ingest_look import Looker, opened_sources
from osmo.tasks.ingest_memory import Memory


def put(root: Path, name: str, **said: object) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "recording.json").write_text(json.dumps({"dataset": "d", "duration_s": 4, **said}))
    return folder


def edit(folder: Path, **said: object) -> None:
    (folder / "recording.json").write_text(json.dumps({"dataset": "d", "duration_s": 4, **said}))


def counts(store: Store, *roots: Path) -> dict[str, int]:
    """What an ingest did, without what is zero."""
    report = vars(ingest(store, [Source(path=str(root)) for root in roots]))
    return {name: value for name, value in report.items() if value and name != "seconds"}


def current(store: Store) -> dict[str, str]:
    rows = current_recordings(store.read(RECORDINGS))
    return dict(zip(rows["recording_id"].to_pylist(), rows["source_uri"].to_pylist(), strict=True))


def problems(store: Store) -> list[tuple[str, str, str]]:
    rows = store.read(PROBLEMS).sort_by("computed_at").to_pylist()
    latest = {row["key"]: (row["recording_id"], row["status"], row["what"]) for row in rows}
    return sorted(latest.values())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"), buckets=4)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def test_an_unchanged_tree_is_not_opened_again(store: Store, root: Path) -> None:
    folders = [put(root, name) for name in ("a", "b")]
    assert counts(store, root) == {"listed": 2, "stored": 2}
    for folder in folders:  # the same size and time: only opening would show that it is no JSON any more
        info = (folder / "recording.json").stat()
        (folder / "recording.json").write_text("x" * info.st_size)
        os.utime(folder / "recording.json", ns=(info.st_atime_ns, info.st_mtime_ns))
    parts = len(store.objects.list("logs/"))
    assert counts(store, root) == {"listed": 2, "unchanged": 2}
    assert len(store.objects.list("logs/")) == parts


def test_a_changed_recording_is_read_again_and_the_latest_row_counts(store: Store, root: Path) -> None:
    folder = put(root, "a", subject_id="Ana")
    counts(store, root)
    edit(folder, subject_id="Bea")
    assert counts(store, root) == {"listed": 1, "stored": 1}
    rows = store.read(RECORDINGS)
    assert rows.num_rows == 2
    assert current_recordings(rows)["subject_id"].to_pylist() == ["Bea"]


def test_files_that_return_to_what_they_were_count_again(store: Store, root: Path) -> None:
    file = put(root, "a", subject_id="Ana") / "recording.json"
    for subject, stamp in (("Ana", 1), ("Bea", 2), ("Ana", 1), ("Bea", 2)):
        edit(file.parent, subject_id=subject)
        os.utime(file, ns=(stamp, stamp))
        assert counts(store, root) == {"listed": 1, "stored": 1}
        assert current_recordings(store.read(RECORDINGS))["subject_id"].to_pylist() == [subject]
        assert counts(store, root) == {"listed": 1, "unchanged": 1}


def test_bad_recordings_each_have_one_row_and_the_rest_goes_on(store: Store, root: Path) -> None:
    put(root, "good")
    put(root, "climbs", audio="../../x.wav")
    put(root, "wrong", duration_s="six")
    (root / "nothing").mkdir()
    empty = put(root, "zero", audio="a.wav", eye="gone.mp4")
    (empty / "a.wav").write_bytes(b"")
    first = counts(store, root)
    assert first == {"listed": 5, "stored": 2, "refused": 3, "warnings": 2}
    told = problems(store)
    assert [(name, status) for name, status, _ in told] == [
        ("climbs", "permanent"), ("nothing", "permanent"), ("wrong", "permanent"), ("zero", "warning"),
        ("zero", "warning"),
    ]  # fmt: skip
    assert counts(store, root) == {"listed": 5, "unchanged": 2, "refused": 3}
    assert store.read(PROBLEMS).num_rows == 5


def test_a_problem_is_settled_when_its_folder_is_put_right(store: Store, root: Path) -> None:
    folder = put(root, "a", duration_s="six")
    counts(store, root)
    edit(folder, audio="gone.wav")
    assert counts(store, root) == {"listed": 1, "stored": 1, "warnings": 1}
    edit(folder)
    assert counts(store, root) == {"listed": 1, "stored": 1}
    assert [status for _, status, _ in problems(store)] == ["reopened", "reopened"]


def test_of_two_folders_with_one_id_the_first_by_path_stays(store: Store, root: Path) -> None:
    put(root, "a", recording_id="same")
    second = put(root, "b", recording_id="same")
    assert counts(store, root) == {"listed": 2, "stored": 1, "refused": 1}
    assert current(store) == {"same": str(root / "a")}
    assert problems(store) == [("b", "permanent", f"recording_id 'same' is already that of {root / 'a'}")]
    edit(second, recording_id="other")
    assert counts(store, root) == {"listed": 2, "unchanged": 1, "stored": 1}


def test_an_earlier_folder_does_not_take_an_id_that_the_store_has(store: Store, root: Path) -> None:
    put(root, "b", recording_id="same")
    counts(store, root)
    put(root, "a", recording_id="same")
    assert counts(store, root) == {"listed": 2, "unchanged": 1, "refused": 1}
    assert current(store) == {"same": str(root / "b")}


def test_a_renamed_folder_and_exchanged_ids_are_no_duplicates(store: Store, root: Path) -> None:
    a, b = put(root, "a", recording_id="1"), put(root, "b", recording_id="2")
    counts(store, root)
    edit(a, recording_id="2")
    edit(b, recording_id="1")
    assert counts(store, root) == {"listed": 2, "stored": 2}
    a.rename(root / "c")
    assert counts(store, root) == {"listed": 2, "unchanged": 1, "stored": 1}
    assert current(store) == {"1": str(root / "b"), "2": str(root / "c")}


def test_a_source_that_is_away_fails_and_the_other_goes_on(store: Store, root: Path, tmp_path: Path) -> None:
    put(root, "a")
    away = tmp_path / "away"
    assert counts(store, away, root) == {"listed": 1, "stored": 1, "failed": 1}
    assert [(name, status) for name, status, _ in problems(store)] == [(str(away), "failed")]
    assert counts(store, away, root) == {"listed": 1, "unchanged": 1, "failed": 1}
    assert max(store.read(PROBLEMS)["attempt"].to_pylist()) == 2
    put(away, "b")
    assert counts(store, away, root) == {"listed": 2, "unchanged": 1, "stored": 1}
    assert [status for _, status, _ in problems(store)] == ["reopened"]


def test_an_unknown_adapter_is_refused_before_anything_is_read(store: Store, root: Path) -> None:
    put(root, "a")
    with pytest.raises(UnknownExtensionError):
        ingest(store, [Source(path=str(root)), Source(path=str(root), adapter="egolif")])
    assert store.read(RECORDINGS).num_rows == 0


def test_what_is_erased_is_not_taken_again(store: Store, root: Path) -> None:
    put(root, "a", subject_id="Ana")
    put(root, "b", subject_id="Bea")
    counts(store, root)
    store.append_rows(ERASURES, [{"subject_id": "Ana", "at": 0, "reason": "asked"}])
    again = Store.open(store.uri)
    assert counts(again, root) == {"listed": 2, "unchanged": 2}
    edit(root / "a", subject_id="Ana", language="en")
    assert counts(again, root) == {"listed": 2, "unchanged": 1, "erased": 1}
    assert list(current(again)) == ["b"]


def test_progress_and_one_run_are_recorded(store: Store, root: Path) -> None:
    put(root, "a")
    told: list[tuple[int, int, str]] = []
    ingest(store, [Source(path=str(root))], progress=lambda done, of, name: told.append((done, of, name)))
    ingest(store, [Source(path=str(root))])
    assert told == [(1, 1, "a")]
    assert store.read(RUNS).select(["stage", "rows_in", "rows_out"]).to_pylist() == [
        {"stage": "ingest", "rows_in": 1, "rows_out": 1}
    ]


def test_an_object_store_is_ingested_like_a_folder(store: Store, s3_uri: str, corpora: Path) -> None:
    objects = Objects(s3_uri)
    said = {"video": "friday.mp4", "transcript": "friday.vtt"}
    objects.create("r1/recording.json", json.dumps(said).encode())
    for name in ("friday.mp4", "friday.vtt"):
        objects.create(f"r1/{name}", (corpora / "friday_video" / name).read_bytes())
    source = [Source(path=s3_uri)]
    assert ingest(store, source).stored == 1
    assert ingest(store, source).unchanged == 1
    (row,) = store.read(RECORDINGS).to_pylist()
    assert row["video"][0]["uri"] == f"{s3_uri}/r1/friday.mp4"
    assert row["video"] == row["audio"]
    assert row["duration_s"] == pytest.approx(6.166)


def test_meld_is_taken_whole(store: Store, corpora: Path) -> None:
    assert counts(store, corpora / "meld_dev") == {"listed": 114, "stored": 114}
    assert counts(store, corpora / "meld_dev") == {"listed": 114, "unchanged": 114}
    rows = store.read(RECORDINGS)
    assert len(set(rows["subject_id"].to_pylist())) == 19
    assert rows["labels_uri"].null_count == 0


def with_subjects(root: Path, text: str) -> list[Source]:
    file = root.parent / "subjects.csv"
    file.write_text(text)
    return [Source(path=str(root), subjects=str(file))]


def subjects(store: Store) -> dict[str, str | None]:
    rows = current_recordings(store.read(RECORDINGS))
    return dict(zip(rows["recording_id"].to_pylist(), rows["subject_id"].to_pylist(), strict=True))


def test_a_subjects_file_names_the_wearer_where_the_owner_does_not(store: Store, root: Path) -> None:
    put(root, "a")
    put(root, "b", subject_id="Bea")
    put(root, "c")
    ingest(store, with_subjects(root, "recording,subject_id\na,Ana\nb,Eve\nd,Dan\n"))
    assert subjects(store) == {"a": "Ana", "b": "Bea", "c": None}
    assert sorted((status, what) for _, status, what in problems(store)) == [
        ("warning", f"1 of 3 names are of no recording of {root}: 'd'"),
        ("warning", "its owner names subject 'Bea', the subjects file 'Eve': the owner's is used"),
    ]
    again = ingest(store, with_subjects(root, "recording,subject_id\na,Ana\nb,Eve\nd,Dan\n"))
    assert (again.unchanged, again.warnings) == (3, 0)
    changed = ingest(store, with_subjects(root, "recording,subject_id\na,Zoe\nc,Cem\n"))
    assert (changed.unchanged, changed.stored) == (0, 3)  # b is no longer contradicted
    assert subjects(store) == {"a": "Zoe", "b": "Bea", "c": "Cem"}
    assert {status for _, status, _ in problems(store)} == {"reopened"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("recording\na\n", "the header lacks subject_id"),
        ("recording,subject_id\na,\n", "line 2 lacks a value"),
        ("recording,subject_id\na,x\na,y\n", "line 3 names a a second time"),
    ],
)
def test_a_subjects_file_that_cannot_be_used_stops_its_source_alone(
    store: Store, root: Path, tmp_path: Path, text: str, why: str
) -> None:
    put(root, "a")
    put(tmp_path / "other", "b")
    report = ingest(store, [*with_subjects(root, text), Source(path=str(tmp_path / "other"))])
    assert (report.stored, report.failed) == (1, 1)
    assert [what for _, _, what in problems(store)] == [why]


def test_looking_through_sources_takes_no_more_memory_for_more_files(store: Store, tmp_path: Path) -> None:
    peaks = []
    for files in (20, 400):
        root = tmp_path / f"of{files}"
        for number in range(10):
            folder = put(root, f"r{number}", recording_id=f"{files}-{number}")
            for file in range(files // 10 * (number + 1) // 5):
                (folder / f"{file}.txt").touch()
        sources = opened_sources([Source(path=str(root))])
        looker = Looker(Memory.empty(), store.erased, sources)
        tracemalloc.start()
        count = sum(1 for _ in looker.looks())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == looker.listed == looker.open == 10
    assert peaks[1] < peaks[0] + 100_000
