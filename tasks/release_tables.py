"""The tables of a release: current views without what only the store needs, and without what must not leave it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.table import LOG_COLUMNS, Column, Table
from osmo.schemas.tables import TABLES

SORT_KEYS: dict[str, tuple[str, ...]] = {
    "recordings": ("recording_id",),
    "media": ("recording_id", "kind", "clip_id", "sha256"),
    "segments": ("recording_id", "start_s", "end_s", "segment_id"),
    "candidates": ("recording_id", "start_s", "segment_id"),
    "clips": ("recording_id", "start_s", "clip_id"),
    "annotations": ("recording_id", "clip_id", "annotation_id", "revision", "region_id"),
    "verdicts": ("recording_id", "clip_id", "annotation_id", "revision", "region_id", "judge"),
    "reviews": ("recording_id", "clip_id", "annotation_id", "revision", "region_id", "reviewer_id", "reviewed_at"),
    "events": ("recording_id", "start_s", "event_id"),
    "cues": ("recording_id", "event_id", "modality", "extractor"),
    "reasoning": ("recording_id", "event_id", "step"),
    "training_inputs": ("recording_id", "event_id"),
    "splits": ("protocol", "event_id"),
}
"""What a release holds, and the stable keys that its rows are sorted by."""

MADE_OF_OTHERS = frozenset({"splits", "training_inputs"})
"""What a release makes of its other tables, by its seed."""

MEDIA_COLUMNS = (
    Column("media_path", pa.string(), "The clip's video, below the release's folder; null: not in the release", True),
    Column("media_uri", pa.string(), "The clip's video, below the store's root; null: it has none", True),
    Column("media_sha256", pa.string(), "Its hash", True),
    Column("media_start_s", pa.float64(), "Where it starts on the recording's clock", True),
)
"""What clips and events have beside their table's columns, so that the media of each is found from its row."""

EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_ABSOLUTE = re.compile(r"^(/|\\|~|[A-Za-z]:|[a-z0-9+]+://)|(^|/)\.\.(/|$)")
_REDACTED = "[e-mail removed]"
_NAMES_ONLY = ("transcript_uri", "labels_uri", "source_uri")
_STREAMS = ("video", "audio", "eye", "transcript", "gaze")


class ReleaseInputError(ValueError):
    """What a release is asked to hold cannot be published."""

    def __init__(self, what: str, problem: str, remedy: str) -> None:
        self.what = what
        super().__init__(f"Release not created: {what}: {problem}. {remedy}")


def columns_of(name: str) -> tuple[Column, ...]:
    """The columns of a table as released, but for the `label_<voter>` columns of candidates."""
    extra = MEDIA_COLUMNS if name in ("clips", "events") else ()
    return (*TABLES[name].columns, *extra)


def released(tables: Mapping[str, pa.Table], *, include_media: bool) -> tuple[dict[str, pa.Table], int]:
    """Shape and sort the tables, and take out what must not leave the store.

    Columns that the log added go (fingerprints are in the manifest). Addresses of source files become file names;
    their hashes stay. E-mail addresses in any text are replaced.

    Args:
        tables: Current views by name: all of `SORT_KEYS` but `MADE_OF_OTHERS`.
        include_media: Whether the clips' videos will be in the release.

    Returns:
        The tables, and the number of texts from which an e-mail address was taken.

    Raises:
        ReleaseInputError: A table is missing or unknown, an address would leak, or an event has no media.
        SchemaMismatchError: A table is not what its declaration says.
    """
    wanted = set(SORT_KEYS) - MADE_OF_OTHERS
    if set(tables) != wanted:
        problem = f"missing {sorted(wanted - set(tables))}, unknown {sorted(set(tables) - wanted)}"
        raise ReleaseInputError("tables", problem, "Pass every table of a release but those that are made of others.")
    shaped = {name: _shape(TABLES[name], table) for name, table in tables.items()}
    shaped["recordings"] = _without_addresses(shaped["recordings"])
    shaped = {name: table.sort_by([(key, "ascending") for key in SORT_KEYS[name]]) for name, table in shaped.items()}
    media = {row["clip_id"]: row for row in shaped["media"].to_pylist() if row["kind"] == "clip"}
    for name in ("clips", "events"):
        shaped[name] = _with_media(shaped[name], media, include_media)
    _check_events(shaped["events"], {str(clip_id) for clip_id in shaped["clips"]["clip_id"].to_pylist()})
    redacted = 0
    for name, table in shaped.items():
        shaped[name], count = _without_emails(table)
        redacted += count
        _check_addresses(name, shaped[name])
    return shaped, redacted


def clip_files(clips: pa.Table) -> list[tuple[str, str, str]]:
    """The videos that go into a release: path below its folder, address in the store, hash; each once, by path."""
    rows = clips.select(["media_path", "media_uri", "media_sha256"]).to_pylist()
    return sorted({(r["media_path"], r["media_uri"], r["media_sha256"]) for r in rows if r["media_path"] is not None})


def _shape(declared: Table, table: pa.Table) -> pa.Table:
    own = [column.name for column in LOG_COLUMNS]
    table = table.drop_columns([name for name in own if name in table.column_names])
    voters = sorted(name for name in table.column_names if declared.name == "candidates" and name.startswith("label_"))
    checked = declared.check(table.drop_columns(voters) if voters else table, body=True)
    for name in voters:
        doc = f"Label of voter {name.removeprefix('label_')}; null: abstained"
        checked = checked.append_column(
            pa.field(name, pa.string(), metadata={"doc": doc}), table[name].cast(pa.string())
        )
    return checked


def _without_addresses(recordings: pa.Table) -> pa.Table:
    rows = recordings.to_pylist()
    for row in rows:
        for name in _NAMES_ONLY:
            row[name] = None if row[name] is None else _file_name(row[name])
        for name in _STREAMS:
            row[name] = None if row[name] is None else [{**f, "uri": _file_name(f["uri"])} for f in row[name]]
    return pa.Table.from_pylist(rows, schema=recordings.schema)


def _file_name(address: str) -> str:
    return PurePosixPath(address.replace("\\", "/")).name


def _with_media(table: pa.Table, media: Mapping[str, Mapping[str, Any]], include: bool) -> pa.Table:
    found = [media.get(str(clip_id)) for clip_id in table["clip_id"].to_pylist()]
    values: dict[str, list[Any]] = {
        "media_path": [
            f"media/{row['sha256'][:2]}/{row['sha256']}{PurePosixPath(row['uri']).suffix}" if row and include else None
            for row in found
        ],
        "media_uri": [row["uri"] if row else None for row in found],
        "media_sha256": [row["sha256"] if row else None for row in found],
        "media_start_s": [row["start_s"] if row else None for row in found],
    }
    for column in MEDIA_COLUMNS:
        table = table.append_column(column.field, pa.array(values[column.name], column.type))
    return table


def _check_events(events: pa.Table, clips: set[str]) -> None:
    for row in events.select(["event_id", "clip_id", "media_uri", "sources", "agreement"]).to_pylist():
        if row["clip_id"] not in clips or row["media_uri"] is None:
            problem = f"its clip {row['clip_id']} has no row in clips or no video in media"
            raise ReleaseInputError(
                f"event {row['event_id']}", problem, "Run `osmo build` again: it cuts what is missing."
            )
        if row["agreement"] is not None and row["sources"] != ["person"]:
            problem = f"agreement {row['agreement']} rests on {row['sources']}"
            remedy = "Replayed and simulated annotations yield no agreement figure: null it, with the reason."
            raise ReleaseInputError(f"event {row['event_id']}", problem, remedy)


def _without_emails(table: pa.Table) -> tuple[pa.Table, int]:
    redacted = 0
    for index, field in enumerate(table.schema):
        column = table[field.name].combine_chunks()
        texts = pc.list_flatten(column) if pa.types.is_list(field.type) else column
        if not pa.types.is_string(texts.type):
            continue
        hits = pc.match_substring_regex(texts, EMAIL.pattern).to_pylist().count(True)
        if not hits:
            continue
        redacted += hits
        values = [_clean(value) for value in column.to_pylist()]
        table = table.set_column(index, field, pa.array(values, field.type))
    return table, redacted


def _clean(value: str | Sequence[str | None] | None) -> str | list[str | None] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return EMAIL.sub(_REDACTED, value)
    return [None if text is None else EMAIL.sub(_REDACTED, text) for text in value]


def _check_addresses(name: str, table: pa.Table) -> None:
    for column in table.column_names:
        if column.endswith(("uri", "path")):
            for address in table[column].unique().to_pylist():
                if address is not None and _ABSOLUTE.search(address):
                    remedy = "Addresses of a release count from its folder or from the store's root."
                    raise ReleaseInputError(f"{name}.{column}", f"{address!r} is an address of a machine", remedy)
