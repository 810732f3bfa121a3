"""Splits keep what their protocols promise, and the proofs notice when one does not."""

from __future__ import annotations

import random
from dataclasses import replace

import pyarrow as pa
import pytest
from releases_fixture import World

from osmo.tasks.protocol import Assignment, Unit
from osmo.tasks.splits import UnknownProtocolError, available, make_splits, protocol, prove


def unit(event_id: str, subject: str | None = "ann", t: float | None = 0.0, **other: object) -> Unit:
    """A 30 s window that starts at `t` of the subject's timeline, in a recording of its own unless one is named."""
    made = Unit(
        event_id=event_id,
        subject_id=subject,
        recording_id=f"r-{event_id}",
        session_group=None,
        dataset="toy",
        language="en",
        window_start_s=0.0,
        window_end_s=30.0,
        window_start_t=t,
        window_end_t=None if t is None else t + 30.0,
    )
    return replace(made, **other)  # type: ignore[arg-type]


def split(name: str, units: list[Unit], seed: int = 0) -> Assignment:
    [assignment] = protocol(name).assign(units, seed=seed)
    assert prove(protocol(name), units, assignment, seed=seed).violations == ()
    return assignment


def of(units: list[Unit], assignment: Assignment) -> dict[str | None, set[str]]:
    """Splits in which each subject is."""
    found: dict[str | None, set[str]] = {}
    for one in units:
        found.setdefault(one.subject_id, set()).add(assignment.splits[one.event_id])
    return found


def test_protocols_are_found_by_their_files() -> None:
    assert available() == ["xlang", "xsub", "xtime"]
    with pytest.raises(UnknownProtocolError, match="Did you mean 'xtime'"):
        protocol("xtimes")


@pytest.mark.parametrize("seed", range(5))
def test_xsub_divides_no_subject_and_fills_every_split(seed: int) -> None:
    units = [unit(f"{subject}{i}", subject, float(i)) for subject in "abcdefghij" for i in range(5)]
    assignment = split("xsub", units, seed)
    assert all(len(splits) == 1 for splits in of(units, assignment).values())
    sizes = [list(assignment.splits.values()).count(name) for name in ("train", "validation", "test")]
    assert sizes == [30, 10, 10]


def test_xsub_draws_by_seed_and_not_by_order() -> None:
    units = [unit(f"{subject}{i}", subject) for subject in "abcdefghij" for i in range(5)]
    shuffled = random.Random(1).sample(units, len(units))
    assert split("xsub", units).splits == split("xsub", shuffled).splits
    assert len({tuple(sorted(split("xsub", units, seed).splits.items())) for seed in range(5)}) > 1


def test_xsub_keeps_session_groups_whole_and_unknown_subjects_in_train() -> None:
    units = [unit(f"{subject}{i}", subject) for subject in "abcdef" for i in range(4)]
    units += [unit("shared-a", "a", session_group="kitchen"), unit("shared-b", "b", session_group="kitchen")]
    units += [unit("nobody", None, session_group="park"), unit("shared-c", "c", session_group="park")]
    for seed in range(5):
        found = of(units, split("xsub", units, seed))
        assert found["a"] == found["b"]
        assert found[None] == found["c"] == {"train"}


@pytest.mark.parametrize(
    ("subjects", "filled"),
    [([], set()), (["a"], {"train"}), (["a", "b"], {"train", "test"}),
     (["a", "b", "c"], {"train", "validation", "test"}), ([None], {"train"})],
    ids=["none", "one", "two", "three", "only-unknown"],
)  # fmt: skip
def test_xsub_with_few_subjects_leaves_splits_empty_and_says_why(subjects: list[str | None], filled: set[str]) -> None:
    units = [unit(f"{subject}{i}", subject) for subject in subjects for i in range(3)]
    assignment = split("xsub", units)
    assert set(assignment.splits.values()) == filled
    assert set(assignment.empty) == {"train", "validation", "test"} - filled
    assert all("three are needed" in reason for reason in assignment.empty.values())


def test_xtime_puts_test_later_than_train_for_each_subject() -> None:
    units = [unit(f"{subject}{i:02}", subject, 100.0 * i) for subject in "ab" for i in range(20)]
    assignment = split("xtime", units)
    for subject in "ab":
        order = [assignment.splits[f"{subject}{i:02}"] for i in range(20)]
        assert order == sorted(order, key=["train", "validation", "test"].index)
        assert {name: order.count(name) for name in set(order)} == {"train": 12, "validation": 4, "test": 4}


def test_xtime_drops_windows_near_a_cut_with_the_reason() -> None:
    units = [unit(f"a{i:02}", "a", 40.0 * i) for i in range(20)]
    assignment = split("xtime", units)
    assert set(assignment.left_out.values()) == {"within_30s_of_cut"}
    assert 2 <= len(assignment.left_out) <= 4


def test_xtime_cuts_where_the_pause_is_widest() -> None:
    times = [0, 40, 80, 120, 160, 200, 240, 5000, 5040, 9000]
    units = [unit(f"a{i}", "a", float(t)) for i, t in enumerate(times)]
    assignment = split("xtime", units)
    assert assignment.left_out == {}
    assert [assignment.splits[f"a{i}"] for i in range(10)] == ["train"] * 7 + ["validation"] * 2 + ["test"]


def test_xtime_leaves_out_whom_it_cannot_place() -> None:
    units = [unit("x", None, 5.0), unit("y", "a", None), unit("z", "b", 0.0)]
    assignment = split("xtime", units)
    assert assignment.left_out == {"x": "unknown_subject", "y": "no_common_clock"}
    assert assignment.splits == {"z": "train"}
    assert set(assignment.empty) == {"validation", "test"}


def test_xlang_goes_both_ways() -> None:
    units = [unit(f"{lang}{i}", f"s-{lang}", language=lang) for lang in ("en", "zh") for i in range(10)]
    units += [unit("unknown", "c", language=None)]
    made = protocol("xlang").assign(units, seed=0)
    assert [one.protocol for one in made] == ["xlang-en-zh", "xlang-zh-en"]
    for one in made:
        assert prove(protocol("xlang"), units, one, seed=0).violations == ()
        assert one.left_out == {"unknown": "unknown_language"}
        assert list(one.splits.values()).count("test") == 10
        assert set(one.splits.values()) == {"train", "validation", "test"}


def test_xlang_of_one_language_is_empty_with_a_reason() -> None:
    assert "two are needed" in split("xlang", [unit("a"), unit("b")]).empty["test"]


@pytest.mark.parametrize(
    ("name", "units", "splits", "says"),
    [
        ("xsub", [unit("a", "s"), unit("b", "s")], {"a": "train", "b": "test"}, "subject_id 's'"),
        ("xsub", [unit("a", "s", session_group="g"), unit("b", "t", session_group="g")],
         {"a": "train", "b": "test"}, "session_group 'g'"),
        ("xsub", [unit("a", None)], {"a": "test"}, "unknown subject"),
        ("xtime", [unit("a", "s", 0.0), unit("b", "s", 500.0)], {"a": "test", "b": "train"}, "begins -530"),
        ("xtime", [unit("a", "s", 0.0), unit("b", "s", 60.0)], {"a": "train", "b": "test"}, "begins 30.000 s"),
        ("xtime", [unit("a", "s", None)], {"a": "train"}, "no common clock"),
        ("xlang", [unit("a"), unit("b")], {"a": "train", "b": "test"}, "language 'en'"),
        ("xtime", [unit("a", "s", 0.0), unit("b", "s", 500.0)], {"a": "train"}, "b is both in a split and left out"),
        ("xsub", [unit("a", "s")], {"a": "train", "zz": "test"}, "zz is unknown"),
        ("xsub", [unit("a", "s")], {"a": "all"}, "'all' is none of"),
        ("xsub", [unit("a", "s", recording_id="r"), unit("b", "t", recording_id="r", window_start_s=29.0)],
         {"a": "train", "b": "test"}, "overlap"),
    ],
)  # fmt: skip
def test_a_proof_notices_a_broken_split(name: str, units: list[Unit], splits: dict[str, str], says: str) -> None:
    proof = prove(protocol(name), units, Assignment(name, splits), seed=0)
    assert says in "; ".join(proof.violations)


def test_random_worlds_always_pass_their_proofs() -> None:
    rng = random.Random(0)
    for _ in range(60):
        units = []
        for i in range(rng.randint(0, 60)):
            recording = rng.randint(0, 12)
            start = rng.uniform(0, 2000)
            units.append(
                unit(
                    f"e{i}",
                    None if recording == 0 else f"s{recording % 5}",
                    None if recording == 1 else 5000.0 * recording + start,
                    recording_id=f"r{recording}",
                    session_group=f"g{recording % 7}" if recording % 3 == 0 else None,
                    language="en" if recording % 2 else "zh",
                    window_start_s=start,
                    window_end_s=start + 30.0,
                )
            )
        for name in available():
            for assignment in protocol(name).assign(units, seed=rng.randint(0, 9)):
                assert prove(protocol(name), units, assignment, seed=0).violations == ()


def test_splits_are_rows_of_every_event_and_protocol(world: World) -> None:
    tables = world.tables
    rows, proofs = make_splits(tables["events"], tables["clips"], tables["recordings"], seed=0)
    assert rows.num_rows == 2 * tables["events"].num_rows
    assert [proof.protocol for proof in proofs] == ["xsub", "xtime"]
    assert isinstance(rows, pa.Table)
    assert rows["split"].null_count == sum(count for p in proofs for what, count in p.counts.items() if "out" in what)
