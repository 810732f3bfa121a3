"""The views of a store under one configuration: only rows whose key the configuration needs, computed when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.config import OsmoConfig
from osmo.schemas.table import Table
from osmo.schemas.tables import CLIPS, PUBLICATIONS, PULLS, RECORDINGS, REVIEWS
from osmo.storage.logs import UNIT
from osmo.storage.store import Store
from osmo.tasks.annotations import current_annotations
from osmo.tasks.candidates import candidates
from osmo.tasks.clips import ACTIVE, clip_status
from osmo.tasks.events import events
from osmo.tasks.qa.findings import findings
from osmo.tasks.recordings import current_recordings

if TYPE_CHECKING:
    from osmo.tasks.pipeline import Pipeline


class Views:
    """What the tables hold now, bucket by bucket; each is computed at most once per instance.

    An instance is a snapshot that fills as it is asked: make a new one after something was written.
    """

    def __init__(self, store: Store, config: OsmoConfig, pipeline: Pipeline) -> None:
        self._store = store
        self._config = config
        self._pipeline = pipeline
        self._memory: dict[tuple[str, int], pa.Table] = {}

    @property
    def buckets(self) -> range:
        """All buckets of the store."""
        return range(self._store.layout.buckets)

    def everywhere(self, view: Callable[[int], pa.Table]) -> pa.Table:
        """A view over all buckets."""
        return pa.concat_tables([view(bucket) for bucket in self.buckets])

    def recordings(self, bucket: int) -> pa.Table:
        """Current `RECORDINGS` rows."""
        return self._once("recordings", bucket, lambda: current_recordings(self._store.read(RECORDINGS, bucket=bucket)))

    def all_recordings(self, _bucket: int = 0) -> pa.Table:
        """Current `RECORDINGS` rows of every bucket: a subject's timeline spans them."""
        return self._once("all_recordings", 0, lambda: current_recordings(self._store.read(RECORDINGS)))

    def recording_media(self, bucket: int) -> pa.Table:
        """`MEDIA` rows of whole recordings."""
        return self._of_stages("media", bucket, ["media"])

    def tracks(self, bucket: int) -> pa.Table:
        """`MEDIA` rows of whole recordings and of the evidence that was measured of them."""
        names = ["media", *(name for name in self._pipeline.stage_names if name.startswith("evidence:"))]
        return self._of_stages("tracks", bucket, names)

    def media(self, bucket: int) -> pa.Table:
        """`MEDIA` rows of recordings and clips."""
        return self._of_stages("all_media", bucket, ["media", "clip_media"])

    def segments(self, bucket: int) -> pa.Table:
        """`SEGMENTS` rows; a recording without speech has one whose segment_id is null."""
        return self._of_stages("segments", bucket, ["segment"])

    def spoken(self, bucket: int) -> pa.Table:
        """`SEGMENTS` rows that are segments and not quarantined."""

        def compute() -> pa.Table:
            rows = _having(self.segments(bucket), "segment_id")
            return _where(rows, pc.is_null(rows["refused_reason"]))

        return self._once("spoken", bucket, compute)

    def votes(self, bucket: int) -> pa.Table:
        """`VOTES` rows of the active voters."""
        return self._of_stages("votes", bucket, self._voters())

    def ballots(self, bucket: int) -> pa.Table:
        """segment_id, annotator and label of `votes`, the latter two dictionary-encoded: what is counted."""
        coded = ["annotator", "label"]
        return self._of_stages("ballots", bucket, self._voters(), columns=["segment_id", *coded], dictionary=coded)

    def candidates(self, bucket: int) -> pa.Table:
        """`CANDIDATES` view."""
        prescreen = self._config.prescreen

        def compute() -> pa.Table:
            return candidates(
                self.spoken(bucket),
                self.ballots(bucket),
                voters=prescreen.voters,
                quorum=prescreen.quorum,
                min_voters=prescreen.min_voters,
            )

        return self._once("candidates", bucket, compute)

    def clips(self, bucket: int) -> pa.Table:
        """`CLIPS` rows: frozen, whatever the configuration says today."""
        return self._once("clips", bucket, lambda: self._store.read(CLIPS, bucket=bucket))

    def wanted_clips(self, bucket: int) -> pa.Table:
        """`CLIPS` rows that a current candidate lies in, or that people were shown: the others are retired."""

        def compute() -> pa.Table:
            clips = self.clips(bucket)
            if clips.num_rows == 0:
                return clips
            status = clip_status(clips, self.candidates(bucket))["status"]
            shown = pc.is_in(clips["clip_id"], value_set=self.publications(bucket)["clip_id"].combine_chunks())
            return clips.filter(pc.or_(pc.equal(status, pa.scalar(ACTIVE)), shown))

        return self._once("wanted_clips", bucket, compute)

    def publications(self, bucket: int) -> pa.Table:
        """`PUBLICATIONS` rows, of whatever project."""
        return self._once("publications", bucket, lambda: self._store.read(PUBLICATIONS, bucket=bucket))

    def pulls(self, bucket: int) -> pa.Table:
        """`PULLS` rows."""
        return self._once("pulls", bucket, lambda: self._store.read(PULLS, bucket=bucket))

    def annotations(self, bucket: int) -> pa.Table:
        """Current `ANNOTATIONS` rows: latest revisions, without deleted and skipped ones."""
        read = self._of_stages
        return self._once(
            "annotations", bucket, lambda: current_annotations(read("revisions", bucket, ["annotations"]))
        )

    def findings(self, bucket: int) -> pa.Table:
        """`FINDINGS` view."""

        def compute() -> pa.Table:
            return findings(self.annotations(bucket), self.clips(bucket), self._config.quality)

        return self._once("findings", bucket, compute)

    def verdicts(self, bucket: int) -> pa.Table:
        """`VERDICTS` rows of the active judge."""
        return self._of_stages("verdicts", bucket, [f"judge:{self._config.quality.judge}"])

    def reviews(self, bucket: int) -> pa.Table:
        """`REVIEWS` rows."""
        return self._once("reviews", bucket, lambda: self._store.read(REVIEWS, bucket=bucket))

    def events(self, bucket: int) -> pa.Table:
        """`EVENTS` view."""

        def compute() -> pa.Table:
            return events(
                self.annotations(bucket),
                self.findings(bucket),
                self.verdicts(bucket),
                self.reviews(bucket),
                self.clips(bucket),
                self.all_recordings(),
                settings=self._config.quality,
            )

        return self._once("events", bucket, compute)

    def all_events(self) -> pa.Table:
        """`EVENTS` of every bucket: an emotion history spans them."""
        return self._once("all_events", 0, lambda: self.everywhere(self.events))

    def cues(self, bucket: int) -> pa.Table:
        """`CUES` rows of the active extractors."""
        names = [name for name in self._pipeline.stage_names if name.startswith("cues:")]
        return self._of_stages("cues", bucket, names)

    def reasoning(self, bucket: int) -> pa.Table:
        """`REASONING` rows of the active writer."""
        return self._of_stages("reasoning", bucket, [f"sense:{self._config.sense.writer}"])

    def rows_of(self, stage: str, bucket: int, columns: Sequence[str], *, dictionary: Sequence[str] = ()) -> pa.Table:
        """Some columns of the rows of one stage: what a report counts, without the texts beside it."""
        memory = f"{stage} {' '.join(columns)}"
        return self._of_stages(memory, bucket, [stage], columns=columns, dictionary=dictionary)

    def _voters(self) -> list[str]:
        return [name for name in self._pipeline.stage_names if name.startswith("prescreen:")]

    def _of_stages(
        self,
        memory: str,
        bucket: int,
        names: Iterable[str],
        *,
        columns: Sequence[str] | None = None,
        dictionary: Sequence[str] = (),
    ) -> pa.Table:
        """Rows of the stages' log whose keys the stages need now; of `columns` only, where they are given."""

        def compute() -> pa.Table:
            stages = [self._pipeline.stage(name) for name in names]
            table: Table = stages[0].writes
            rows = self._store.read(
                table,
                bucket=bucket,
                columns=None if columns is None else [*UNIT, *(name for name in columns if name not in UNIT)],
                fingerprints=[stage.fingerprint for stage in stages],
                dictionary=dictionary,
            )
            wanted = []
            for stage in stages:
                theirs = rows
                if len(stages) > 1:
                    theirs = rows.filter(pc.equal(rows["fingerprint"], pa.scalar(stage.fingerprint)))
                needed = stage.needs(bucket)["input_key"].combine_chunks()
                wanted.append(_where(theirs, pc.is_in(theirs["input_key"], value_set=needed)))
            together = pa.concat_tables(wanted)
            return together if columns is None else together.select(list(columns))

        return self._once(memory, bucket, compute)

    def _once(self, name: str, bucket: int, compute: Callable[[], pa.Table]) -> pa.Table:
        key = (name, bucket)
        if key not in self._memory:
            self._memory[key] = compute()
        return self._memory[key]


def _having(rows: pa.Table, column: str) -> pa.Table:
    return _where(rows, pc.is_valid(rows[column]))


def _where(rows: pa.Table, holds: pa.ChunkedArray[Any] | pa.Array[Any]) -> pa.Table:
    """The rows for which `holds` is true, without a copy where that is all."""
    return rows if pc.all(holds).as_py() else rows.filter(holds)
