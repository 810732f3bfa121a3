"""The media cache: files named by their content, and the read-only handle that stages hear and see through."""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from osmo.storage.objects import Objects


class MediaDamagedError(RuntimeError):
    """A cached media file does not have the content that its name says."""

    def __init__(self, uri: str, found: str) -> None:
        self.uri = uri
        super().__init__(
            f"{uri}: content hash is {found}, its name says otherwise. Delete it and run `osmo build` again."
        )


@dataclass(frozen=True)
class CachedFile:
    """A file in the cache: address below the store's root, hash and size."""

    uri: str
    sha256: str
    bytes: int


class MediaCache:
    """Content-addressed files below `media/` of a store."""

    def __init__(self, objects: Objects, *, scratch: Path | None = None) -> None:
        """Open the cache.

        Args:
            objects: The store's objects.
            scratch: Folder for copies of remote files; null: one in the system's temporary folder, per store.
        """
        self._objects = objects
        name = hashlib.sha256(objects.uri.encode()).hexdigest()[:16]
        self._scratch = scratch or Path(tempfile.gettempdir()) / f"osmo-media-{os.getuid()}-{name}"

    def put(self, file: Path) -> CachedFile:
        """Add a finished file; one of the same content stays as it is."""
        sha256 = file_sha256(file)
        uri = f"media/{sha256[:2]}/{sha256}{file.suffix}"
        self._objects.create_from_file(uri, file)
        return CachedFile(uri, sha256, file.stat().st_size)

    def path(self, uri: str) -> Path:
        """A local path of a cached file; a remote one is fetched once, and verified.

        Raises:
            MediaDamagedError: What was fetched does not match its name.
            ObjectMissingError: There is no such file.
        """
        if self._objects.root is not None:
            return self._objects.root / uri
        local = self._scratch / uri
        if not local.is_file():
            local.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=local.parent, delete=False) as fetched:
                for chunk in self._objects.chunks(uri):
                    fetched.write(chunk)
            found = file_sha256(Path(fetched.name))
            if found not in uri:
                Path(fetched.name).unlink()
                raise MediaDamagedError(uri, found)
            Path(fetched.name).replace(local)
        return local


class Media:
    """What stages may hear and see of recordings: a read-only handle over the rows of `media`."""

    def __init__(self, cache: MediaCache, index: pa.Table) -> None:
        """Make the handle.

        Args:
            cache: Where the files lie.
            index: Rows of `MEDIA` of the recordings that may be looked at.
        """
        self._cache = cache
        self._rows: Mapping[tuple[str, str, str | None], dict[str, object]] = {
            (row["recording_id"], row["kind"], row["clip_id"]): row for row in index.to_pylist()
        }

    def has(self, recording_id: str, kind: str, clip_id: str | None = None) -> bool:
        """Whether there is genuine media of this kind: a silent or captioned stand-in does not count."""
        row = self._rows.get((recording_id, kind, clip_id))
        if row is None:
            return False
        return not row["silent"] if kind == "audio" else not row["captioned"]

    def row(self, recording_id: str, kind: str, clip_id: str | None = None) -> dict[str, object] | None:
        """The `MEDIA` row, or null."""
        return self._rows.get((recording_id, kind, clip_id))

    def path(self, recording_id: str, kind: str, clip_id: str | None = None) -> Path | None:
        """A local path, or null where there is no such media."""
        row = self.row(recording_id, kind, clip_id)
        return None if row is None else self._cache.path(str(row["uri"]))

    def audio(self, recording_id: str, start_s: float, end_s: float) -> npt.NDArray[np.float32] | None:
        """Sound of a stretch of a recording.

        Args:
            recording_id: The recording.
            start_s: Start, seconds from the recording's start.
            end_s: End; what lies beyond the recording is left out.

        Returns:
            Samples, mono, 16 kHz, -1 to 1, shape (N,); null where the recording has no sound.
        """
        if not self.has(recording_id, "audio"):
            return None
        path = self.path(recording_id, "audio")
        assert path is not None
        with wave.open(str(path), "rb") as file:
            rate = file.getframerate()
            first = min(max(0, round(start_s * rate)), file.getnframes())
            last = min(max(first, round(end_s * rate)), file.getnframes())
            file.setpos(first)
            pcm = np.frombuffer(file.readframes(last - first), dtype="<i2")
        return pcm.astype(np.float32) / 32768.0

    def track(
        self, recording_id: str, kind: str, start_s: float = -math.inf, end_s: float = math.inf
    ) -> pa.Table | None:
        """Measured numbers of a stretch of a recording.

        Args:
            recording_id: The recording.
            kind: microphones, gaze, ocular_track, acoustic_track or visual_track.
            start_s: Start, seconds from the recording's start.
            end_s: End; it does not belong to the stretch.

        Returns:
            Rows in order of `time_s`; null where the recording has no such track.

        Raises:
            MediaDamagedError: The file fails its checksums.
        """
        path = self.path(recording_id, kind)
        if path is None:
            return None
        inside = (pc.field("time_s") >= start_s) & (pc.field("time_s") < end_s)
        try:
            return pq.read_table(path, filters=inside, page_checksum_verification=True)
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowInvalid) as error:
            raise MediaDamagedError(str(path), str(error)) from error


def write_track(path: Path, rows: Iterable[pa.Table], schema: pa.Schema) -> int:
    """Write tables of one schema as a Parquet track, a row group each, in bounded memory.

    Args:
        path: The file; equal rows give equal bytes.
        rows: In order of their column `time_s`.
        schema: Of every table.

    Returns:
        Rows written.
    """
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as file:
        for table in rows:
            file.write_table(table)
            count += table.num_rows
    return count


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
