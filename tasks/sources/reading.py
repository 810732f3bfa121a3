"""What adapters share: listing one folder a recording, and what becomes of a place that cannot be read now."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic import TypeAdapter, ValidationError

from osmo.schemas.keys import content_key
from osmo.schemas.recording_json import OwnersId
from osmo.tasks.sources.adapter import Flaw, Listed, Reading
from osmo.tasks.sources.listing import folders
from osmo.tasks.sources.places import ClimbingPathError, FileChangingError, SourceUnreachableError, absolute
from osmo.tasks.vrs import VrsUnavailableError

_ID: TypeAdapter[str] = TypeAdapter(OwnersId)


def listed_folders(root: str, *, adapter: str, version: int, expected: str) -> Iterator[Listed]:
    """One recording per folder directly below a source, by path, hidden ones left out, opening no file.

    Args:
        root: The source.
        adapter: Name of the adapter.
        version: Its version.
        expected: A path below the source that a recording would have, for the message.

    Raises:
        SourceUnreachableError: The place cannot be listed, or holds no folders.
    """
    root = absolute(root)
    some = False
    for name, entries in folders(root):
        some = True
        uri = f"{root}/{name}"
        stamps = [part for entry in entries for part in (entry.path, entry.size, entry.stamp)]
        yield Listed(name=name, uri=uri, root=root, key=content_key(adapter, version, uri, *stamps))
    if not some:
        raise SourceUnreachableError(root, f"there are no folders in it, expected {root}/{expected}")


def is_id(name: str) -> bool:
    """Whether a name can be (part of) a recording_id: short, without slashes and control characters, UTF-8."""
    try:
        _ID.validate_python(name)
    except ValidationError:
        return False
    return True


def unless_away(listed: Listed, read: Callable[[], Reading]) -> Reading:
    """What reading gives; a place that cannot be read now is a passing flaw: the next ingest tries again.

    A path that leads out of the source refuses the recording until it is put right.
    """
    try:
        return read()
    except SourceUnreachableError as error:
        return Reading(None, (Flaw(error.problem, error.place, error.remedy, passing=True),))
    except ClimbingPathError as error:
        remedy = "Put the file itself in its place, not a link that leads out of the source; then ingest again."
        return Reading(None, (Flaw(str(error), listed.uri, remedy),))
    except FileChangingError as error:
        return Reading(None, (Flaw(error.problem, error.uri, error.remedy, passing=True),))
    except VrsUnavailableError as error:
        what = str(error).removesuffix(f" {error.remedy}")
        return Reading(None, (Flaw(what, listed.uri, error.remedy, passing=True),))
