"""The stage of SENSE: from an event's evidence and human description to a checked chain of six steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import pyarrow as pa
from pydantic import JsonValue

from osmo.annotators.answer import Unanswered
from osmo.annotators.llm.composer import Composer
from osmo.annotators.writer import STEP_NAMES, Step, Writer
from osmo.schemas.keys import fingerprint
from osmo.schemas.table import Table
from osmo.schemas.tables import REASONING
from osmo.storage.media import Media
from osmo.tasks.chain_check import check_revision
from osmo.tasks.chains import AGAIN, Unwritten, Written, write_chains
from osmo.tasks.evidence import (
    DIALOGUE_BEFORE_S,
    DIALOGUE_TURNS,
    NEEDS,
    Row,
    bundle_of,
    dialogue_of,
    needed,
    segments_of,
)
from osmo.tasks.history import history
from osmo.tasks.stage import Outcome, Problem
from osmo.tasks.unanswered import open_problem, pause, usage_columns

VERSION = 1
MODALITIES = ("visual", "acoustic", "ocular")


class SenseStage:
    """Has a writer write the chains of a bucket's events, and stores only those that pass the check."""

    def __init__(
        self,
        writer: Writer,
        *,
        events_all: Callable[[], pa.Table],
        events: Callable[[int], pa.Table],
        cues: Callable[[int], pa.Table],
        segments: Callable[[int], pa.Table],
        previous: int = 4,
        modalities: Collection[str] = MODALITIES,
        flush_rows: int = 256,
    ) -> None:
        """Bind the stage.

        Args:
            writer: Who writes.
            events_all: `EVENTS` rows of all buckets, since a subject's history spans them.
            events: `EVENTS` rows of a bucket.
            cues: `CUES` rows of a bucket that the active extractors' stages need; of several the latest counts.
            segments: `SEGMENTS` rows of a bucket.
            previous: Most earlier events given to the writer, the paper's N_p.
            modalities: Those that extractors are configured for; an event waits for the cues of all of them.
            flush_rows: Events after which a part is written.
        """
        self._writer = writer
        self._fallback = Composer()
        self._events_all = events_all
        self._events = events
        self._cues = cues
        self._segments = segments
        self._previous = previous
        self._modalities = tuple(modality for modality in MODALITIES if modality in modalities)
        self.flush_rows = flush_rows

    @property
    def name(self) -> str:
        """sense:<writer>."""
        return f"sense:{self._writer.name}"

    @property
    def writes(self) -> Table:
        """`REASONING`."""
        return REASONING

    @property
    def fingerprint(self) -> str:
        """Of the writer, its prompt, and what it is given; of the check and the composer where these decide more."""
        parameters: dict[str, JsonValue] = {
            "revision": self._writer.revision,
            "prompt_sha": self._writer.prompt_sha,
            "previous": self._previous,
            "modalities": list(self._modalities),
            "dialogue": [DIALOGUE_BEFORE_S, DIALOGUE_TURNS],
        }
        if self._writer.name != self._fallback.name:
            parameters |= {"check": check_revision(), "again": AGAIN, "fallback": self._fallback.revision}
        return fingerprint(self.name, VERSION, parameters)

    def needs(self, bucket: int) -> pa.Table:
        """One row per event whose cues are all there, with everything that its writer is given.

        Its key changes with the event, its cues, its dialogue and the earlier events that it is given, and with no
        other event.
        """
        events = self._events(bucket)
        if events.num_rows == 0:
            return NEEDS.empty_table()
        everyone = self._events_all()
        earlier_of = history(everyone, self._previous)
        ids = [str(event_id) for event_id in events["event_id"].to_pylist()]
        wanted = {earlier for event_id in ids for earlier, _ in earlier_of.get(event_id, ())}
        columns = ["event_id", "event_key", "emotions", "own_words", "start_s", "end_s"]
        known = {row["event_id"]: row for row in everyone.select(columns).to_pylist() if row["event_id"] in wanted}
        cues = self._cues_of(bucket)
        segments = segments_of(self._segments(bucket))
        rows: list[Row] = []
        for event in events.to_pylist():
            measured = cues.get(event["event_id"], {})
            if any(modality not in measured for modality in self._modalities):
                continue
            earlier = [(known[event_id], gap_s) for event_id, gap_s in earlier_of.get(event["event_id"], ())]
            dialogue = dialogue_of(segments.get(event["recording_id"], ()), event["start_s"], event["end_s"])
            rows.append(needed(event, self._given(measured), dialogue, earlier))
        return pa.Table.from_pylist(rows, schema=NEEDS)

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """Six rows per event, of a chain that passes the check.

        A writer whose chains are refused is asked again, then the composer's chain stands; where even that is refused,
        it is a permanent problem. An event whose question nobody answered stays open.
        """
        listed = rows.to_pylist()
        ends, attempts = write_chains(self._writer, self._fallback, [bundle_of(row) for row in listed])
        made: list[Row] = []
        keys: list[str] = []
        problems: list[Problem] = []
        for row, end in zip(listed, ends, strict=True):
            if isinstance(end, Written):
                made += [_stored(row, end, step) for step in end.steps]
                keys += [row["input_key"]] * len(end.steps)
            elif isinstance(end, Unwritten):
                problems.append(self._refused(row, end))
            else:
                problems.append(self._open(row, end))
        return Outcome(REASONING.rows(made), keys, problems, attempts=attempts, pause=pause(ends, self._writer.name))

    def _cues_of(self, bucket: int) -> Mapping[str, Mapping[str, Row]]:
        cues = self._cues(bucket)
        if "computed_at" in cues.column_names:
            cues = cues.sort_by([("computed_at", "ascending"), ("event_id", "ascending")])
        found: dict[str, dict[str, Row]] = {}
        for row in cues.select(["event_id", "modality", "text", "absent_reason"]).to_pylist():
            found.setdefault(row["event_id"], {})[row["modality"]] = row
        return found

    def _given(self, measured: Mapping[str, Row]) -> list[Row]:
        not_asked = {"text": None, "absent_reason": "no extractor is configured"}
        return [
            {**(measured[modality] if modality in self._modalities else not_asked), "modality": modality}
            for modality in MODALITIES
        ]

    def _open(self, row: Row, none: Unanswered) -> Problem:
        what = f"event {row['event_id']}"
        return open_problem(none, self._writer.name, recording_id=row["recording_id"], key=row["input_key"], what=what)

    def _refused(self, row: Row, end: Unwritten) -> Problem:
        more = f" (and {len(end.violations) - 1} more)" if len(end.violations) > 1 else ""
        return Problem(
            recording_id=row["recording_id"],
            key=row["input_key"],
            permanent=True,
            what=f"the chain of {end.writer} says what it was not given: {end.violations[0]}{more}",
            where=f"event {row['event_id']}",
            remedy="Correct the writer or its prompt: its events are then written anew; or `osmo retry` to ask again.",
        )


def _stored(row: Row, written: Written, step: Step) -> Row:
    """One row of `REASONING`; what holds of the whole chain and is long stands on its first step."""
    whole = {"refusals": list(written.refusals), "raw_text": written.raw_text, **usage_columns(written.usage)}
    return {
        "event_id": row["event_id"],
        "recording_id": row["recording_id"],
        "step": step.number,
        "name": STEP_NAMES[step.number - 1],
        "text": ("" if row["language"] == "zh" else " ").join(step.sentences),
        "cited": list(step.cited),
        "model": written.model,
        "prompt_sha": written.prompt_sha,
        "history": [event["event_id"] for event in row["history"]],
        "outcome": written.outcome,
        **(whole if step.number == 1 else {}),
    }
