"""Backups of people's work: the parts that hold it, copied to another place and back, each once and verified."""

from __future__ import annotations

from dataclasses import dataclass

from osmo.schemas.tables import TABLES
from osmo.storage.logs import is_intact
from osmo.storage.objects import Objects
from osmo.storage.store import LAYOUT

KEPT = (*(f"logs/{table.name}/" for table in TABLES.values() if table.human), "logs/recordings/",
        "logs/consents/", "logs/erasures/", "configs/", LAYOUT)  # fmt: skip
"""What a backup holds: people's work and the facts that it refers to; all else is computed anew."""


class BackupDamagedError(RuntimeError):
    """A part does not have the content that its name says."""

    def __init__(self, place: str, path: str) -> None:
        self.path = path
        super().__init__(f"{place}/{path} is damaged. Run `osmo build`, which sets damaged parts aside, then again.")


@dataclass(frozen=True)
class Copied:
    """What a copy did: objects written now, objects that were there already, bytes written."""

    written: int
    present: int
    bytes: int


def copy_people_work(source: Objects, target: Objects) -> Copied:
    """Copy what `KEPT` names; objects are created once, so a copy that was killed is completed by running it again.

    Raises:
        BackupDamagedError: A part of the source fails its checksum; what was copied before it stays.
    """
    written = present = size = 0
    for prefix in KEPT:
        for path in _paths(source, prefix):
            if target.exists(path):
                present += 1
                continue
            data = source.read(path)
            if path.endswith(".parquet") and not is_intact(path, data):
                raise BackupDamagedError(source.uri, path)
            target.create(path, data, durable=True)
            written += 1
            size += len(data)
    return Copied(written, present, size)


def _paths(source: Objects, prefix: str) -> list[str]:
    if prefix.endswith("/"):
        return [info.path for info in source.list(prefix)]
    return [prefix] if source.exists(prefix) else []
