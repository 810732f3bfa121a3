"""The folder layout anyone can use: `<root>/<recording_id>/recording.json` with its files beside it."""

from __future__ import annotations

import difflib
import json
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from pydantic import ValidationError

from osmo.schemas.recording_json import MAX_BYTES, MediaRef, RecordingJson, RecordingJsonError, parse_recording_json
from osmo.tasks.sources.adapter import (
    Adapter,
    Flaw,
    Listed,
    MediaFile,
    Reading,
    Recording,
    Sidecar,
    SidecarFile,
    Sidecars,
    Stream,
)
from osmo.tasks.sources.places import (
    ClimbingPathError,
    exists,
    fetched,
    join,
    read_bytes,
)
from osmo.tasks.sources.probe import Probe, UnreadableMediaError, cut_short, probe
from osmo.tasks.sources.reading import listed_folders, unless_away
from osmo.tasks.sources.vrs_parts import KINDS, VrsParts, VrsReader
from osmo.tasks.streams import split_stream
from osmo.tasks.transcripts import TranscriptEncodingError, TranscriptFormatError, read_transcript

MANIFEST = "recording.json"
LABELS = "labels.csv"
VRS = ".vrs"
MAX_SIDECAR_BYTES = 1 << 26
"""A larger transcript or labels.csv is taken for a mistake."""

_ABSENT = f"not in {MANIFEST}"


class FolderAdapter:
    """Reads the folder layout, from a disk or an object store."""

    name = "folder"
    version = 2

    def list(self, root: str) -> Iterator[Listed]:
        """Folders below `root` by path, hidden ones left out, opening no file."""
        return listed_folders(root, adapter=self.name, version=self.version, expected=f"<recording_id>/{MANIFEST}")

    def read(self, listed: Listed) -> Reading:
        """One recording, with the flaws of the parts that are left out."""
        return unless_away(listed, _Reader(listed).read)


def create_adapter() -> Adapter:
    """The adapter, for the registry."""
    return FolderAdapter()


class _RefusedError(Exception):
    """The recording cannot be taken at all."""

    def __init__(self, flaw: Flaw) -> None:
        self.flaw = flaw


@dataclass
class _Reader:
    """Reads one folder, gathering flaws."""

    listed: Listed
    flaws: list[Flaw] = field(default_factory=list)
    probes: dict[str, Probe] = field(default_factory=dict)
    vrs: dict[str, VrsParts] = field(default_factory=dict)

    def read(self) -> Reading:
        try:
            recording = self._recording(self._manifest())
        except _RefusedError as refused:
            return Reading(None, (refused.flaw,))
        except ClimbingPathError as error:
            remedy = f"Put the file into the recording's folder and name it in {MANIFEST} without `..` or a link."
            return Reading(None, (Flaw(str(error), f"{self.listed.uri}/{MANIFEST}", remedy),))
        return Reading(recording, tuple(self.flaws))

    def _manifest(self) -> RecordingJson:
        uri = self._at(MANIFEST)
        mend = f"Write a {MANIFEST} as docs/recordings.md describes."
        try:
            self.listed.name.encode()
            return parse_recording_json(read_bytes(uri, limit=MAX_BYTES))
        except FileNotFoundError:
            raise _RefusedError(Flaw(f"there is no {MANIFEST}", self.listed.uri, mend)) from None
        except RecordingJsonError as error:
            raise _RefusedError(Flaw(f"{MANIFEST} cannot be used: {error}", uri, mend)) from error
        except UnicodeEncodeError:
            name = ascii(self.listed.name)
            raise _RefusedError(Flaw(f"folder name {name} is not UTF-8", ascii(uri), "Rename the folder.")) from None

    def _recording(self, said: RecordingJson) -> Recording:
        self._look_for_misspelt(said)
        video = self._stream("video", said.video)
        audio = self._audio(said, video)
        eye = self._stream("eye", said.eye)
        transcript, ends_s = self._transcript(said)
        labels = self._labels()
        subject_reason = None if said.subject_id else "empty" if "subject_id" in said.model_fields_set else _ABSENT
        return Recording(
            recording_id=said.recording_id or self._name(),
            dataset=said.dataset or posixpath.basename(self.listed.root) or "unnamed",
            subject_id=said.subject_id,
            subject_reason=subject_reason,
            session_group=said.session_group,
            language=said.language,
            started_at=said.started_utc,
            duration_s=said.duration_s or self._duration_s((video, audio, eye), ends_s),
            video=video,
            audio=audio,
            eye=eye,
            eye_fps=self.probes[eye.files[0].uri].fps if eye.files else None,
            transcript=transcript,
            labels=labels,
            time_domain=said.time_domain,
            synthetic=said.synthetic,
            metadata=json.dumps(said.extra, sort_keys=True, ensure_ascii=False),
        )

    def _name(self) -> str:
        """The folder's name, where it can be a recording_id."""
        try:
            return RecordingJson(recording_id=self.listed.name).recording_id or self.listed.name
        except ValidationError as error:
            what = f"folder name {self.listed.name!r:.80} cannot be a recording_id"
            remedy = f"Rename the folder, or give recording_id in {MANIFEST}."
            raise _RefusedError(Flaw(what, self.listed.uri, remedy)) from error

    def _stream(self, kind: str, refs: Sequence[MediaRef] | None) -> Stream:
        """Files of one modality; one that cannot be used takes the whole modality with it, as its clock is lost."""
        if refs is None:
            return Stream(reason=_ABSENT)
        files: list[MediaFile] = []
        for ref in refs:
            start_s = ref.start_s if ref.start_s is not None else (files[-1].end_s or 0.0 if files else 0.0)
            uri = self._at(ref.file)
            if PurePosixPath(uri).suffix.casefold() == VRS:
                inside = self._inside(kind, uri)
                if inside.reason is not None:
                    return self._without(kind, inside.reason, uri)
                files += (replace(file, start_s=file.start_s + (ref.start_s or 0.0)) for file in inside.files)
                continue
            try:
                with fetched(uri) as file:
                    found = self.probes[uri] = probe(file.path)
                    has = found.audio if kind == "audio" else found.video
                    if not has:
                        raise UnreadableMediaError(f"it has no {'sound' if kind == 'audio' else 'picture'} track")
                    files.append(MediaFile(uri, file.sha256, file.bytes, start_s, found.duration_s))
                    if lost := cut_short(file.path):
                        remedy = "Replace the file by a whole copy and ingest again, or leave it so."
                        self.flaws.append(Flaw(f"{ref.file}: {lost}; the rest is used", uri, remedy))
            except FileNotFoundError:
                return self._without(kind, f"{ref.file} is missing", uri)
            except UnreadableMediaError as error:
                return self._without(kind, f"{ref.file}: {error}", uri)
        return Stream(tuple(files)) if files else Stream(reason=f"an empty list in {MANIFEST}")

    def _inside(self, kind: str, uri: str) -> Stream:
        """A stream of a VRS file; those of one file share its clock."""
        if uri not in self.vrs:
            parts = self.vrs[uri] = VrsReader().read(dict.fromkeys(KINDS, (uri,)))
            self.flaws += parts.damaged
            fps = {"eye": parts.eye_fps}
            for name in KINDS:
                for file in getattr(parts, name).files:
                    self.probes[file.uri] = Probe(
                        file.duration_s or 0.0, name != "audio", name == "audio", fps.get(name)
                    )
        found: Stream = getattr(self.vrs[uri], kind)
        return found

    def _without(self, kind: str, why: str, uri: str) -> Stream:
        remedy = f"Put the file right, or take {kind} out of {MANIFEST}; then ingest again."
        self.flaws.append(Flaw(f"{kind} is left out: {why}", uri, remedy))
        return Stream(reason=why)

    def _audio(self, said: RecordingJson, video: Stream) -> Stream:
        if said.audio is not None:
            return self._stream("audio", said.audio)
        sounding = [file for file in video.files if self.probes[file.uri].audio]
        for file in video.files:
            place, stream_id = split_stream(file.uri)
            if stream_id is not None:
                shift_s = file.start_s - self._inside("video", place).files[0].start_s
                sounding += (replace(one, start_s=one.start_s + shift_s) for one in self._inside("audio", place).files)
        if sounding:
            return Stream(tuple(sounding))
        return Stream(reason=f"{_ABSENT}, and {'the video has no sound track' if video.files else 'there is no video'}")

    def _transcript(self, said: RecordingJson) -> tuple[Sidecars, float | None]:
        """The transcript; and where its last cue ends, looked up only where nothing else may say how long it is."""
        if said.transcript is None:
            return Sidecars(reason=_ABSENT), None
        uri = self._at(said.transcript)
        kind = PurePosixPath(uri).suffix.casefold().removeprefix(".")
        try:
            with fetched(uri) as file:
                sidecars = Sidecars((SidecarFile(uri, file.sha256, file.bytes, 0.0, kind),))
                if said.duration_s is not None or file.bytes > MAX_SIDECAR_BYTES:
                    return sidecars, None
                return sidecars, read_transcript(file.path.read_bytes(), kind).end_s
        except FileNotFoundError:
            why = f"{said.transcript} is missing"
            remedy = f"Put the file there, or take transcript out of {MANIFEST}; then ingest again."
            self.flaws.append(Flaw(f"transcript is left out: {why}", uri, remedy))
            return Sidecars(reason=why), None
        except (TranscriptEncodingError, TranscriptFormatError):
            return sidecars, None  # the segment stage says what is wrong with it

    def _labels(self) -> Sidecar:
        uri = self._at(LABELS)
        if not exists(uri):
            return Sidecar(reason="no labels.csv")
        with fetched(uri) as file:
            return Sidecar(uri, file.sha256)

    def _duration_s(self, streams: Sequence[Stream], transcript_ends_s: float | None) -> float:
        ends = [file.end_s for stream in streams for file in stream.files if file.end_s]
        found = max(ends, default=None) or transcript_ends_s
        if not found:
            lost = "; ".join(flaw.what for flaw in self.flaws)
            what = f"nothing says how long the recording is{f' ({lost})' if lost else ''}"
            remedy = f"Give duration_s in {MANIFEST}, or media that can be read."
            raise _RefusedError(Flaw(what, f"{self.listed.uri}/{MANIFEST}", remedy))
        return found

    def _look_for_misspelt(self, said: RecordingJson) -> None:
        for name in said.model_extra or {}:
            close = difflib.get_close_matches(name.casefold(), RecordingJson.model_fields, n=1, cutoff=0.75)
            if close and close[0] not in said.model_fields_set:
                what = f"{MANIFEST} has {name!r}, which is no field: it is kept as metadata"
                self.flaws.append(Flaw(what, f"{self.listed.uri}/{MANIFEST}", f"If {close[0]} is meant, rename it."))

    def _at(self, path: str) -> str:
        return join(self.listed.uri, path, root=self.listed.root)
