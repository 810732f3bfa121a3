"""Nymeria: `<root>/<date>_<session>_<fake_name>_<act>_<uid>/recording_head/data/{data,et,motion}.vrs`, `metadata.json`.

Names are fake by the owner's design and stand for one person each. Nobody transcribed the recordings. Devices were
synchronised by time code, which counts from midnight.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from osmo.tasks.sources.adapter import Adapter, Flaw, Listed, Reading, Recording, Sidecar, Sidecars
from osmo.tasks.sources.gaze_files import gaze_beside
from osmo.tasks.sources.owner_json import read_json, told
from osmo.tasks.sources.places import exists, join
from osmo.tasks.sources.reading import listed_folders, unless_away
from osmo.tasks.sources.vrs_parts import VrsParts, VrsReader

HEAD = "recording_head"
NARRATIONS = ("motion_narration", "atomic_action", "activity_summarization")
_DAYS_S = 2 * 86_400  # a session may go on past midnight
FPS_OFF = 0.1
"""Share by which the measured frame rate of the eye cameras may differ from the owner's table unnoticed."""
_NAME = re.compile(
    r"(?P<date>\d{8})_(?P<session>s\d+)_(?P<subject>[a-z]+(?:_[a-z]+)*)_(?P<act>act\d+)_(?P<uid>[a-z0-9]+)"
)


def _frames_per_s(value: object) -> object:
    """The table says -1, or nothing, where a camera was off."""
    return None if value in (None, "", -1, "-1") else value


class Metadata(BaseModel):
    """`metadata.json`, or an entry of the owner's table of sequences; what else it says is kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    has_two_participants: bool | None = None
    pt2: str | None = None
    et_camera_fps: Annotated[float | None, BeforeValidator(_frames_per_s), Field(alias="sensor.et_camera_fps")] = None

    @property
    def partner(self) -> str | None:
        """Name of the sequence of the person who was there too; null: nobody was, or what is said names nobody."""
        name = (self.pt2 or "").replace("/", "_")
        return name if self.has_two_participants and sequence_of(name) else None


@dataclass(frozen=True)
class Sequence:
    """What a sequence's name says."""

    name: str
    date: datetime
    subject: str


def sequence_of(name: str) -> Sequence | None:
    """The parts of a sequence's name; null: it is none."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        date = datetime.strptime(match["date"], "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Sequence(name, date, match["subject"])


def session_group(name: str, said: Metadata) -> str | None:
    """What two participants share: the earlier of their sequences' names; null: on its own."""
    return f"{NymeriaAdapter.name}-{min(name, said.partner)}" if said.partner else None


class NymeriaAdapter:
    """Reads Nymeria's layout, from a disk or an object store."""

    name = "nymeria"
    version = 1

    def list(self, root: str) -> Iterator[Listed]:
        """Folders below `root` by path, hidden ones left out, opening no file."""
        return listed_folders(
            root,
            adapter=self.name,
            version=self.version,
            expected=f"20230607_s0_james_johnson_act0_e72nhq/{HEAD}/data/data.vrs",
        )

    def read(self, listed: Listed) -> Reading:
        """One sequence, with the flaws of the parts that are left out."""
        return unless_away(listed, _Reader(listed).read)


def create_adapter() -> Adapter:
    """The adapter, for the registry."""
    return NymeriaAdapter()


@dataclass
class _Reader:
    """Reads one folder, gathering flaws."""

    listed: Listed
    flaws: list[Flaw] = field(default_factory=list)

    def read(self) -> Reading:
        folder = self.listed.uri
        sequence = sequence_of(self.listed.name)
        if sequence is None:
            what = f"folder {self.listed.name!a:.80} is no sequence: expected <date>_<session>_<fake_name>_<act>_<uid>"
            return Reading(None, (Flaw(what, folder, "Give it its owner's name, or move it out of the source."),))
        data, eyes = self._at(f"{HEAD}/data/data.vrs"), self._at(f"{HEAD}/data/et.vrs")
        parts = VrsReader().read({"video": (data,), "audio": (data,), "eye": (eyes, data)})
        if parts.zero_s is None or parts.duration_s is None:
            reasons = dict.fromkeys(f"{parts.eye.reason}; {parts.video.reason}".split("; "))
            what = f"nothing of it can be read: {'; '.join(reasons)}"
            return Reading(None, (Flaw(what, f"{folder}/{HEAD}/data", "Put the files right and ingest again."),))
        self.flaws += [*parts.damaged, *parts.absent]
        said = self._metadata()
        self._compare_fps(parts.eye_fps, said, eyes)
        started_at, time_domain, note = _started_at(sequence, parts)
        metadata = {**told(said), "started_at": note, "narrations": self._narrations()}
        recording = Recording(
            recording_id=f"{NymeriaAdapter.name}-{sequence.name}",
            dataset=NymeriaAdapter.name,
            subject_id=sequence.subject,
            subject_reason=None,
            session_group=session_group(sequence.name, said),
            language="en",
            started_at=started_at,
            duration_s=parts.duration_s,
            video=parts.video,
            audio=parts.audio,
            eye=parts.eye,
            eye_fps=parts.eye_fps,
            transcript=Sidecars(reason="Nymeria has no transcripts"),
            labels=Sidecar(reason="Nymeria has no emotion labels"),
            time_domain=time_domain,
            synthetic=False,
            metadata=json.dumps(metadata, sort_keys=True, ensure_ascii=False),
            gaze=gaze_beside(self._at(f"{HEAD}/mps/eye_gaze"), parts.zero_s, root=self.listed.root),
        )
        return Reading(recording, tuple(self.flaws))

    def _at(self, path: str) -> str:
        return join(self.listed.uri, path, root=self.listed.root)

    def _metadata(self) -> Metadata:
        said = read_json(self._at("metadata.json"), Metadata, without="partners are then not known")
        if isinstance(said, Flaw):
            self.flaws.append(said)
            return Metadata()
        return said

    def _compare_fps(self, measured: float | None, said: Metadata, uri: str) -> None:
        listed = said.et_camera_fps
        if measured and listed and abs(measured - listed) > FPS_OFF * listed:
            what = f"its eye cameras ran at {measured:.2f} Hz, metadata.json says {listed:g}: the measured rate is used"
            self.flaws.append(Flaw(what, uri, "Nothing is to be done."))

    def _narrations(self) -> list[str]:
        """Names of the owner's narrations, which describe what is seen; they are no speech."""
        names = (f"narration/{name}.csv" for name in NARRATIONS)
        return [name for name in names if exists(self._at(name))]


def _started_at(sequence: Sequence, parts: VrsParts) -> tuple[datetime | None, str, str]:
    """The time code on the date of the name, its domain, and a note for the metadata."""
    assert parts.zero_s is not None
    of_day_s = parts.clock.timecode_s(parts.zero_s) if parts.clock else None
    if of_day_s is None:
        return None, "device", "no time code: the files map no clock but the device's own"
    if not 0 <= of_day_s < _DAYS_S:
        return None, "device", f"no time code: {of_day_s:g} s is no time of day"
    return sequence.date + timedelta(seconds=of_day_s), "timecode", "time code on the date of the name, as it stands"
