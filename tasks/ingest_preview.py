"""What an ingest would take, and what is missing and why; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from osmo.schemas.config import Source
from osmo.storage.store import Erased, Store
from osmo.tasks.ingest_look import STAGE, Found, Look, Looker, opened_sources
from osmo.tasks.ingest_memory import Memory
from osmo.tasks.sources.adapter import Recording

PARTS = ("video", "audio", "eye", "transcript", "gaze")


@dataclass(frozen=True)
class Preview:
    """One recording, or one source that cannot be listed, as an ingest would find it.

    Attributes:
        found: new, changed, unchanged, refused, failed, erased; of a source unreachable, of a subjects file unmatched.
        name: As the source lists it.
        where: Its folder or object.
        recording_id: Its id; null: it was not opened, or cannot be taken.
        subject_id: The wearer; null with a reason in `missing`.
        language: BCP 47 primary language; null: unknown.
        duration_s: Length in seconds; null: not opened, or cannot be taken.
        files: Files per stream and sidecar that would be taken.
        missing: What is absent and why; the subject among it.
        flaws: What is wrong, with what to do.
    """

    found: str
    name: str
    where: str
    recording_id: str | None
    subject_id: str | None
    language: str | None
    duration_s: float | None
    files: dict[str, int]
    missing: dict[str, str]
    flaws: tuple[str, ...]


def preview(store: Store | None, sources: Sequence[Source]) -> Iterator[Preview]:
    """Look through sources as an ingest would.

    Args:
        store: What was taken before; null: there is no store yet.
        sources: What to look through, in order.

    Raises:
        UnknownExtensionError: A source names an adapter that does not exist.
    """
    memory = Memory.of(store, STAGE) if store else Memory.empty()
    erased = store.erased if store else Erased(frozenset(), frozenset())
    for look in Looker(memory, erased, opened_sources(sources)).looks():
        if look.found is not Found.UNMATCHED or look.subjects_flaws:
            yield _preview(look)


def _preview(look: Look) -> Preview:
    reading = look.reading
    recording = reading.recording if reading and look.found is not Found.ERASED else None
    flaws = reading.flaws if reading else look.subjects_flaws
    return Preview(
        found=str(look.found),
        name=look.item.name if look.item else look.opened.source.path,
        where=look.item.uri if look.item else look.opened.source.path,
        recording_id=recording.recording_id if recording else None,
        subject_id=recording.subject_id if recording else None,
        language=recording.language if recording else None,
        duration_s=recording.duration_s if recording else None,
        files={part: len(getattr(recording, part).files) for part in PARTS} if recording else {},
        missing=_missing(recording) if recording else {},
        flaws=tuple(f"{flaw.what} ({flaw.where}). {flaw.remedy}" for flaw in flaws),
    )


def _missing(recording: Recording) -> dict[str, str]:
    reasons = {part: getattr(recording, part).reason for part in PARTS}
    reasons["subject"] = recording.subject_reason
    return {part: reason for part, reason in reasons.items() if reason}
