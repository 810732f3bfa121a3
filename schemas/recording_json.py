"""What an owner writes about a recording: `recording.json` of the folder layout."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    field_validator,
)

MAX_BYTES = 1 << 20
"""A larger recording.json is refused unread."""

_PRIMARY = {"cmn": "zh", "zho": "zh", "chi": "zh", "eng": "en"}
_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*")

# Ids become parts of messages, addresses and exports: no separators, no control characters, no surrounding blanks.
_NOT_IN_IDS = r"/\\\x00-\x1f\x7f-\x9f\u2028\u2029"
OwnersId = Annotated[
    str, StringConstraints(pattern=rf"^[^\s{_NOT_IN_IDS}]([^{_NOT_IN_IDS}]{{0,198}}[^\s{_NOT_IN_IDS}])?$")
]


class MediaRef(BaseModel):
    """One media file, and where it starts where files do not simply follow each other."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    file: str = Field(min_length=1, description="Path below the recording's folder")
    start_s: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Seconds from the recording's start; null: after the last"
    )


def _as_refs(value: object) -> object:
    if value is None:
        return None
    listed = value if isinstance(value, list) else [value]
    return tuple({"file": item} if isinstance(item, str) else item for item in listed)


MediaRefs = Annotated[tuple[MediaRef, ...], BeforeValidator(_as_refs)]
"""A file name, a list of them, or a list of `MediaRef`."""


class RecordingJson(BaseModel):
    """`recording.json`. Every field may be missing; fields that nobody knows are kept as the owner's metadata."""

    model_config = ConfigDict(extra="allow", frozen=True)

    recording_id: OwnersId | None = Field(default=None, description="null: the folder's name")
    dataset: OwnersId | None = Field(default=None, description="null: the name of the folder of all recordings")
    subject_id: str | None = Field(default=None, max_length=200, description="The wearer")
    language: str | None = Field(default=None, description="BCP 47, reduced to the primary language")
    started_at: datetime | None = Field(default=None, description="ISO 8601")
    duration_s: float | None = Field(default=None, gt=0, allow_inf_nan=False, strict=True)
    video: MediaRefs | None = None
    audio: MediaRefs | None = None
    eye: MediaRefs | None = None
    transcript: str | None = Field(default=None, min_length=1)
    session_group: OwnersId | None = None
    synthetic: bool = Field(default=False, strict=True)
    metadata: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("subject_id")
    @classmethod
    def _trimmed(cls, value: str | None) -> str | None:
        return (value.strip() or None) if value is not None else None

    @field_validator("language")
    @classmethod
    def _primary_language(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        match = _TAG.fullmatch(value.strip().casefold())
        if match is None:
            raise ValueError("expected a BCP 47 tag such as en or zh")
        return _PRIMARY.get(match[1], match[1])

    @field_validator("started_at", mode="before")
    @classmethod
    def _iso_text(cls, value: object) -> object:
        if value is not None and not isinstance(value, str | datetime):
            raise ValueError("expected ISO 8601 text such as 2024-05-01T09:30:00Z")
        return value

    @property
    def started_utc(self) -> datetime | None:
        """`started_at` in UTC; a time without zone is taken as it stands."""
        if self.started_at is None:
            return None
        return (
            self.started_at.replace(tzinfo=UTC) if self.started_at.tzinfo is None else self.started_at.astimezone(UTC)
        )

    @property
    def time_domain(self) -> str:
        """utc with a zone, calendar without, unknown where there is no `started_at`."""
        if self.started_at is None:
            return "unknown"
        return "calendar" if self.started_at.tzinfo is None else "utc"

    @property
    def extra(self) -> dict[str, JsonValue]:
        """What else the owner says: `metadata`, and every field that is not of this model."""
        return {**self.metadata, **(self.model_extra or {})}


class RecordingJsonError(ValueError):
    """A recording.json that cannot be used; the message names the field, what it holds and what is expected."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


def parse_recording_json(data: bytes) -> RecordingJson:
    """Read a recording.json.

    Raises:
        RecordingJsonError: It is no JSON object, or a field is of a wrong type or value.
    """
    if len(data) > MAX_BYTES:
        raise RecordingJsonError(f"{len(data)} bytes, expected at most {MAX_BYTES}")
    try:
        return RecordingJson.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        got = f", got {first['input']!r:.80}" if place else ""
        raise RecordingJsonError(f"{place + ': ' if place else ''}{first['msg']}{got}") from error
