"""The bill: what asking models will take of what is left, and what it took of what is done beside what was foretold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import OsmoConfig
from osmo.schemas.prices import EndpointPrice
from osmo.tasks.amounts import Amount, Own, actual_amount, amount, ratio_of
from osmo.tasks.coefficients import Coefficients, Role, coefficient_file
from osmo.tasks.expected import EVENT_S, SEGMENT_CHARS, SEGMENT_S, Expected, expected, expected_of_hours, voter_rows
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.spending import UNSPENT, USAGE, Spent, runs, spent
from osmo.tasks.stage import Stage
from osmo.tasks.workload import Recorded, Work, one_call, work_of

OWN_ROWS = 200
"""Stored rows from which an annotator's own rows say what asking it takes."""

_TOOK = ["input_key", *USAGE]
OWN, FILE = "own rows", "file"

_ROLES: dict[str, Role] = {"prescreen": "voter", "judge": "judge", "cues": "describer", "sense": "writer"}


@dataclass(frozen=True)
class BillRow:
    """One stage that asks a model.

    Attributes:
        stage: Its name; reader: what voters hand on to the reading model.
        asks: The section of [models].
        basis: own rows (at least `OWN_ROWS` are stored) or file (tasks/coefficients.toml).
        left: Foretold of what is there and lacks its result.
        by_ratio: Foretold, by the ratios of [cost], of what is not there yet.
        done: Units that have their result.
        foretold: What the file's coefficients say of those.
        actual: What those took by their rows and runs; null: nothing is done, or it is counted elsewhere.
        ratio: actual ÷ foretold, per measure; null where either is unknown or nothing.
    """

    stage: str
    asks: str
    basis: str
    left: Amount
    by_ratio: Amount
    done: int
    foretold: Amount
    actual: Amount | None
    ratio: Amount


@dataclass(frozen=True)
class HereRow:
    """One stage whose annotator runs here: it costs nothing but time of this machine's processors.

    Attributes:
        stage: Its name.
        rows: Rows that its recorded runs wrote.
        seconds: Wall-clock seconds of those runs together; null: none is recorded.
    """

    stage: str
    rows: int
    seconds: float | None


@dataclass(frozen=True)
class Bill:
    """The whole bill."""

    currency: str
    rows: list[BillRow]
    here: list[HereRow] = field(default_factory=list)

    @property
    def total_left(self) -> Amount:
        """What is still to be paid, by ratio or not."""
        return sum((row.left + row.by_ratio for row in self.rows), Amount())

    @property
    def total_foretold(self) -> Amount:
        """What was foretold of what is done."""
        return sum((row.foretold for row in self.rows if row.actual is not None), Amount())

    @property
    def total_actual(self) -> Amount:
        """What was paid of what is done."""
        return sum((row.actual for row in self.rows if row.actual is not None), Amount())


def role_of(stage: str) -> tuple[Role, str] | None:
    """What the annotator of a stage is, and its name; null: the stage asks no annotator."""
    kind, _, name = stage.partition(":")
    return (_ROLES[kind], name) if kind in _ROLES and name else None


def bill(pipeline: Pipeline) -> Bill:
    """The bill of a store under its configuration; nothing runs."""
    config, models = pipeline.config, pipeline.config.models
    recorded_runs = runs(pipeline.store)
    parts = [
        _Part.of(pipeline, stage, recorded_runs)
        for stage in pipeline.stage_names
        if (found := role_of(stage)) is not None and found[1] in models
    ]
    coming = _coming(pipeline, parts)
    rows = [part.row(config, coming) for part in parts]
    here = [
        _here(stage, pipeline.stage(stage), recorded_runs)
        for stage in pipeline.stage_names
        if (found := role_of(stage)) is not None and found[1] not in models
    ]
    return Bill(config.cost.currency, [*rows, *_reader(rows, config)], here)


def bill_of_hours(config: OsmoConfig, hours: float) -> Bill:
    """The bill of recordings of some hours that nobody has yet: all of it by ratio."""
    coming = expected_of_hours(hours, config)
    names = [f"prescreen:{name}" for name in config.prescreen.voters]
    names += [f"judge:{config.quality.judge}", *(f"cues:{name}" for name in config.sense.extractors)]
    names.append(f"sense:{config.sense.writer}")
    parts = [_Part(stage) for stage in names if (found := role_of(stage)) is not None and found[1] in config.models]
    rows = [part.row(config, coming) for part in parts]
    return Bill(config.cost.currency, [*rows, *_reader(rows, config)])


@dataclass(frozen=True)
class _Part:
    """One stage that asks a model: what is left and done."""

    stage: str
    left: Work = field(default_factory=Work)
    done: Work = field(default_factory=Work)
    missing: int = 0
    spent: Spent = UNSPENT

    @classmethod
    def of(cls, pipeline: Pipeline, name: str, recorded_runs: pa.Table) -> _Part:
        stage, views = pipeline.stage(name), pipeline.views
        found = role_of(name)
        assert found is not None
        asked = coefficient_file().of(*found)
        left, done, missing, stored = Work(), Work(), 0, []
        for bucket in views.buckets:
            needed = stage.needs(bucket)
            if needed.num_rows == 0:
                continue
            rows = voter_rows(pipeline, found[1], bucket) if found[0] == "voter" else views.rows_of(name, bucket, _TOOK)
            stored.append(rows.select(_TOOK))
            recorded = Recorded.of(views.recording_media(bucket))
            present = pc.is_in(needed["input_key"], value_set=rows["input_key"].combine_chunks())
            if rows.num_rows:
                done += work_of(needed.filter(present), asked, recorded)
            if not pc.all(present).as_py():
                lacking = pipeline.todo(name, bucket).rows  # without what failed for good
                missing += lacking.num_rows
                left += work_of(lacking, asked, recorded)
        if not stored:
            return cls(name)
        took = spent(pa.concat_tables(stored), recorded_runs, stage=name, fingerprint=stage.fingerprint)
        return cls(name, left, done, missing, took)

    def row(self, config: OsmoConfig, coming: Expected) -> BillRow:
        found = role_of(self.stage)
        assert found is not None
        role, name = found
        asked, price = coefficient_file().of(role, name), config.cost.price(name)
        foretold = amount(self.done, asked, price, config)
        actual = actual_amount(self.spent, price) if self.spent.rows else None
        own = self._own(foretold, price)
        by_ratio = (self.left + self.done).of_calls(_coming_calls(role, coming), _typical(role, asked))
        return BillRow(
            stage=self.stage,
            asks=name,
            basis=OWN if own != Own() else FILE,
            left=amount(self.left, asked, price, config, own),
            by_ratio=amount(by_ratio, asked, price, config, own),
            done=self.spent.rows,
            foretold=foretold,
            actual=actual,
            ratio=ratio_of(actual, foretold),
        )

    def _own(self, foretold: Amount, price: EndpointPrice) -> Own:
        took, calls = self.spent, self.done.calls
        if took.rows < OWN_ROWS or not calls:
            return Own()
        whole = took.counted >= OWN_ROWS
        return Own(
            tokens_in=took.tokens_in / foretold.tokens_in if whole and took.tokens_in and foretold.tokens_in else None,
            tokens_out=took.tokens_out / calls if whole and took.tokens_out is not None else None,
            gpu_s=None if took.seconds is None else took.seconds * (price.gpus or 1) / calls,
        )


def _coming(pipeline: Pipeline, parts: list[_Part]) -> Expected:
    voters = [part for part in parts if part.stage.startswith("prescreen:")]
    segments = sum(pipeline.views.spoken(bucket).num_rows for bucket in pipeline.views.buckets)
    some_voted = segments > max((part.missing for part in voters), default=0)
    coming = expected(pipeline, segments=segments, some_voted=some_voted)
    writer = next((part for part in parts if part.stage.startswith("sense:")), None)
    if writer is None:
        return coming
    known = pipeline.views.all_events().num_rows if some_voted else 0
    return replace(coming, uncued=float(max(0, known - writer.spent.rows - writer.missing)))


def _coming_calls(role: Role, coming: Expected) -> float:
    return {
        "voter": coming.segments,
        "judge": coming.regions,
        "describer": coming.events,
        "writer": coming.events + coming.uncued,
        "reader": 0.0,
    }[role]


def _typical(role: Role, asked: Coefficients) -> Work:
    """One call, where none is known that it could be like."""
    if role == "voter":
        return one_call(asked, duration_s=SEGMENT_S, chars=SEGMENT_CHARS)
    return one_call(asked, duration_s=EVENT_S if role == "describer" else 0.0, chars=0.0)


def _reader(rows: list[BillRow], config: OsmoConfig) -> Iterator[BillRow]:
    """What voters hand on to the reading model. What it took stands in the voters' own rows."""
    name = config.prescreen.reader
    voters = [row for row in rows if row.stage.startswith("prescreen:")]
    if name is None or name not in config.models or not voters:
        return
    asked, price = coefficient_file().of("reader", name), config.cost.price(name)
    shares = [
        asked.share.value * sum(getattr(row, part).calls or 0.0 for row in voters) for part in ("left", "by_ratio")
    ]
    left, by_ratio = (amount(Work(calls=calls), asked, price, config) for calls in shares)
    yield BillRow("reader", name, FILE, left, by_ratio, 0, Amount(), None, ratio_of(None, Amount()))


def _here(name: str, stage: Stage, recorded: pa.Table) -> HereRow:
    mine = recorded.filter(
        pc.and_(
            pc.equal(recorded["stage"], pa.scalar(name)),
            pc.equal(recorded["fingerprint"], pa.scalar(stage.fingerprint)),
        )
    )
    return HereRow(name, pc.sum(mine["rows_out"]).as_py() or 0, pc.sum(mine["seconds"]).as_py())
