"""Splits of events by protocol, each with a proof that is computed apart from the split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import pyarrow as pa

from osmo.schemas.extensions import ExtensionPoint
from osmo.schemas.manifest import SplitProof
from osmo.schemas.tables import SPLITS
from osmo.tasks.protocol import SPLITS_OF_A_PROTOCOL, Assignment, SplitProtocol, Unit

PROTOCOLS = ExtensionPoint("protocol", ("osmo.tasks.protocols",), "assign")
DEFAULT_PROTOCOLS = ("xsub", "xtime")


class SplitProofError(RuntimeError):
    """A split does not keep its protocol's promise, so it is not published."""

    def __init__(self, proof: SplitProof) -> None:
        self.proof = proof
        listed = "; ".join(proof.violations[:5])
        super().__init__(
            f"Split {proof.protocol!r} fails its proof ({len(proof.violations)} violations): {listed}. "
            f"This is a fault of tasks/protocols/: please report it. Nothing was published."
        )


def protocol(name: str) -> SplitProtocol:
    """The protocol of tasks/protocols/<name>.py.

    Raises:
        UnknownExtensionError: There is none.
    """
    return cast(SplitProtocol, PROTOCOLS.module(name))


def make_splits(
    events: pa.Table,
    clips: pa.Table,
    recordings: pa.Table,
    *,
    seed: int,
    protocols: Sequence[str] = DEFAULT_PROTOCOLS,
) -> tuple[pa.Table, list[SplitProof]]:
    """Split the events by each protocol, and prove each split.

    Args:
        events: `EVENTS`.
        clips: `CLIPS`: an event's context window is its clip.
        recordings: `RECORDINGS`, for session groups.
        seed: Of protocols that draw.
        protocols: Files of tasks/protocols/.

    Returns:
        `SPLITS`, one row per event and protocol, by protocol and event_id; and the proofs in the same order. A split
        that cannot be filled is empty, and its proof says why.

    Raises:
        SplitProofError: A split is not what its protocol promises.
        UnknownExtensionError: A name is not known.
    """
    units = units_of(events, clips, recordings)
    rows: list[dict[str, object]] = []
    proofs: list[SplitProof] = []
    for name in sorted(set(protocols)):
        rules = protocol(name)
        for assignment in rules.assign(units, seed=seed):
            proof = prove(rules, units, assignment, seed=seed)
            if proof.violations:
                raise SplitProofError(proof)
            proofs.append(proof)
            rows.extend(_rows(units, assignment))
    rows.sort(key=lambda row: (str(row["protocol"]), str(row["event_id"])))
    return SPLITS.rows(rows), sorted(proofs, key=lambda proof: proof.protocol)


def units_of(events: pa.Table, clips: pa.Table, recordings: pa.Table) -> list[Unit]:
    """Events as protocols see them, by event_id."""
    windows = {row["clip_id"]: row for row in clips.select(["clip_id", "start_s", "end_s"]).to_pylist()}
    groups = dict(zip(recordings["recording_id"].to_pylist(), recordings["session_group"].to_pylist(), strict=True))
    units: list[Unit] = []
    for row in events.to_pylist():
        window = windows[row["clip_id"]]
        start, end = float(window["start_s"]), float(window["end_s"])
        t = None if row["t_s"] is None else float(row["t_s"]) - (float(row["start_s"]) - start)
        units.append(
            Unit(
                event_id=row["event_id"],
                # Equal names in two datasets are two people, as on their timelines.
                subject_id=row["subject_id"] and f"{row['dataset']}:{row['subject_id']}",
                recording_id=row["recording_id"],
                session_group=groups[row["recording_id"]],
                dataset=row["dataset"],
                language=row["language"],
                window_start_s=start,
                window_end_s=end,
                window_start_t=t,
                window_end_t=None if t is None else t + (end - start),
            )
        )
    return sorted(units, key=lambda unit: unit.event_id)


def prove(rules: SplitProtocol, units: Sequence[Unit], assignment: Assignment, *, seed: int) -> SplitProof:
    """Check a split against its protocol's claim, from the events and their splits alone."""
    violations = [
        *_completeness(units, assignment),
        *_overlaps(units, assignment),
        *rules.violations(units, assignment),
    ]
    counts = Counter({split: 0 for split in SPLITS_OF_A_PROTOCOL})
    counts.update(assignment.splits.values())
    counts.update(f"left out: {reason}" for reason in assignment.left_out.values())
    return SplitProof(
        protocol=assignment.protocol,
        claim=rules.CLAIM,
        seed=seed,
        checked=(
            "each event is in one split, or left out with a reason",
            "no context windows of two splits overlap in a recording",
            *rules.CHECKED,
        ),
        counts=dict(counts),
        empty=dict(assignment.empty),
        notes=tuple(assignment.notes),
        violations=tuple(violations),
    )


def _rows(units: Sequence[Unit], assignment: Assignment) -> list[dict[str, object]]:
    return [
        {
            "protocol": assignment.protocol,
            "event_id": unit.event_id,
            "split": assignment.splits.get(unit.event_id),
            "reason": assignment.left_out.get(unit.event_id),
        }
        for unit in units
    ]


def _completeness(units: Sequence[Unit], assignment: Assignment) -> list[str]:
    known = {unit.event_id for unit in units}
    found = [
        f"event {event_id} is both in a split and left out, or in neither"
        for event_id in sorted(known)
        if (event_id in assignment.splits) == (event_id in assignment.left_out)
    ]
    found.extend(f"event {event_id} is unknown" for event_id in sorted(set(assignment.splits) - known))
    found.extend(
        f"split {split!r} is none of {SPLITS_OF_A_PROTOCOL}"
        for split in sorted(set(assignment.splits.values()) - set(SPLITS_OF_A_PROTOCOL))
    )
    present = set(assignment.splits.values())
    found.extend(
        f"split {split!r} "
        + ("is empty without a reason" if split not in present else "is said to be empty, and is not")
        for split in SPLITS_OF_A_PROTOCOL
        if (split in present) == (split in assignment.empty)
    )
    return found


def _overlaps(units: Sequence[Unit], assignment: Assignment) -> list[str]:
    """Windows of two splits that overlap in one recording: per split merged in time, then neighbours compared."""
    by_recording: dict[str, list[tuple[float, float, str, str]]] = {}
    for unit in units:
        split = assignment.splits.get(unit.event_id)
        if split is not None:
            window = (unit.window_start_s, unit.window_end_s, split, unit.event_id)
            by_recording.setdefault(unit.recording_id, []).append(window)
    found: list[str] = []
    for recording_id, windows in sorted(by_recording.items()):
        if len({split for _, _, split, _ in windows}) == 1:
            continue
        for (_, end, split, event_id), (start, _, other, other_id) in pairwise(_merged(windows)):
            if split != other and start < end:
                found.append(f"{recording_id}: windows of {event_id} ({split}) and {other_id} ({other}) overlap")
    return found


def _merged(windows: Sequence[tuple[float, float, str, str]]) -> list[tuple[float, float, str, str]]:
    """Runs of windows of one split, so that a long window is compared with every later one of another split."""
    runs: list[tuple[float, float, str, str]] = []
    for start, end, split, event_id in sorted(windows):
        if runs and runs[-1][2] == split:
            runs[-1] = (runs[-1][0], max(runs[-1][1], end), split, event_id)
        else:
            runs.append((start, end, split, event_id))
    return runs
