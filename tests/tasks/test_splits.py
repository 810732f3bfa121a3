"""Splits keep what their protocols promise, and the proofs notice when one does not."""

from __future__ import annotations

import random
from dataclasses import replace

import pyarrow as pa
import pytest
from releases_fixture import World

from osmo.schemas.extensions import UnknownExtensionError
from osmo.tasks.protocol import Assignment, Unit
from osmo.tasks.splits import PROTOCOLS, make_splits, protocol, prove


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


def test_protocols_are_found_by_their_files() -> None:
    assert PROTOCOLS.names() == ["xlang", "xsub", "xtime"]
    with pytest.raises(UnknownExtensionError, match="Did you mean 'xtime'"):
        protocol("xtimes")


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
        for name in PROTOCOLS.names():
            for assignment in protocol(name).assign(units, seed=rng.randint(0, 9)):
                assert prove(protocol(name), units, assignment, seed=0).violations == ()


def test_splits_are_rows_of_every_event_and_protocol(world: World) -> None:
    tables = world.tables
    rows, proofs = make_splits(tables["events"], tables["clips"], tables["recordings"], seed=0)
    assert rows.num_rows == 2 * tables["events"].num_rows
    assert [proof.protocol for proof in proofs] == ["xsub", "xtime"]
    assert isinstance(rows, pa.Table)
    assert rows["split"].null_count == sum(count for p in proofs for what, count in p.counts.items() if "out" in what)
