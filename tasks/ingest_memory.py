"""What a store remembers of earlier ingests: which rows count, who owns an id, which problems are open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.keys import content_key
from osmo.schemas.tables import PROBLEMS, RECORDINGS
from osmo.storage.store import Store
from osmo.tasks.problems import one_line
from osmo.tasks.recordings import current_recordings

_COLUMNS = ("recording_id", "source_uri", "fingerprint", "input_key", "computed_at")

Unit = tuple[str, str]
"""Fingerprint of an adapter and input key of a row."""


@dataclass
class Memory:
    """Read once when an ingest starts, kept up to date while it goes on."""

    used: set[Unit]
    current: set[Unit]
    owners: dict[str, str]
    problems: dict[str, Mapping[str, Any]]
    attempts: dict[str, int]
    standing: set[str] = field(default_factory=set)
    _places: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Memory:
        """That of a store that is not there yet."""
        return cls(used=set(), current=set(), owners={}, problems={}, attempts={})

    @classmethod
    def of(cls, store: Store, stage: str) -> Memory:
        """What `store` holds; erased recordings are remembered too, so that nobody reads them again."""
        rows = store.logs.read(RECORDINGS, columns=_COLUMNS)
        current = current_recordings(rows)
        told = store.read(PROBLEMS)
        told = told.filter(pc.equal(told["stage"], pa.scalar(stage))).sort_by("computed_at")
        problems: dict[str, Mapping[str, Any]] = {}
        attempts: dict[str, int] = {}
        for row in told.to_pylist():
            problems[row["key"]] = row
            if row["status"] != "warning":
                attempts[row["key"]] = max(attempts.get(row["key"], 0), row["attempt"])
        memory = cls(
            used=set(_pairs(rows, "fingerprint", "input_key")),
            current=set(_pairs(current, "fingerprint", "input_key")),
            owners=dict(_pairs(current, "recording_id", "source_uri")),
            problems={key: row for key, row in problems.items() if row["status"] != "reopened"},
            attempts=attempts,
        )
        memory._ids = {place: name for name, place in memory.owners.items()}
        for key, open_problem in memory.problems.items():
            for place in _ancestors(str(open_problem["where"])):
                memory._places[place].add(key)
        return memory

    def holds(self, by: str, key: str) -> bool:
        """Whether the row that counts was read from files of this change key, by this adapter."""
        return any((by, used) in self.current for used in self._generations(by, key))

    def unused_key(self, by: str, key: str) -> str:
        """Input key of a new row: of equal units a log counts the first, and files may return to what they were."""
        used = list(self._generations(by, key))
        return content_key(key, len(used)) if used else key

    def refused(self, key: str) -> bool:
        """Whether files of this change key were refused for good, and nobody asked to try again."""
        return key in self.problems and self.problems[key]["status"] == "permanent"

    def owner(self, recording_id: str, uri: str) -> str | None:
        """The other place that an id belongs to, if that place still stands."""
        owner = self.owners.get(recording_id)
        return owner if owner != uri and owner in self.standing else None

    def knows(self, uri: str) -> bool:
        """Whether a recording was ever read from a place."""
        return uri in self._ids

    def keep(self, recording_id: str, uri: str) -> None:
        """Note that an id belongs to a place from now on, and no other id does."""
        former = self._ids.get(uri)
        if former is not None and self.owners.get(former) == uri:
            del self.owners[former]
        self.owners[recording_id], self._ids[uri] = uri, recording_id
        self.standing.add(uri)

    def settled(self, place: str, keys: Set[str]) -> list[Mapping[str, Any]]:
        """Open problems at or below a place that was looked at again and has only those of `keys` now."""
        gone = sorted(self._places.pop(one_line(place), set()) - keys)
        return [self.problems.pop(key) for key in gone if key in self.problems]

    def _generations(self, by: str, key: str) -> Iterator[str]:
        used, generation = key, 0
        while (by, used) in self.used:
            yield used
            generation += 1
            used = content_key(key, generation)


def _pairs(rows: pa.Table, one: str, other: str) -> Iterator[tuple[str, str]]:
    for row in rows.select([one, other]).to_pylist():
        yield row[one], row[other]


def _ancestors(place: str) -> Iterator[str]:
    while place and not place.endswith("/"):
        yield place
        place = place.rpartition("/")[0]
