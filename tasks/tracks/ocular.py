"""Ocular tracker: lids, pupils and gaze of every frame of the infrared eye camera, at the recording's own frame rate.

Classical vision, since no weights are at hand: what it cannot see it leaves null, and its confidence says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
import cv2
import pyarrow as pa

from osmo.storage.media import Media
from osmo.tasks.eyes.columns import OCULAR_TRACK, SIDES
from osmo.tasks.eyes.frames import EyeFrame, eye_frames
from osmo.tasks.eyes.gaze import UsualPlace, direction
from osmo.tasks.eyes.layout import eye_pictures
from osmo.tasks.eyes.owner_gaze import OwnerGaze
from osmo.tasks.eyes.reading import EyeReader, Reading
from osmo.tasks.tracks.tracker import Recorded

VERSION = 1
BLOCK_ROWS = 6_000
"""Rows of a table: ten minutes at 10 Hz."""
PUPIL_KNOWN = 0.5
"""Confidence from which a pupil's place counts for the gaze."""

Row = dict[str, object]


class OcularTracker:
    """The tracker of the eye camera."""

    name = "ocular"
    looks_at: tuple[str, ...] = ("eye", "gaze")
    hears_speakers = False
    schema = OCULAR_TRACK

    @property
    def revision(self) -> str:
        """Versions of the code, of OpenCV and of FFmpeg's decoder."""
        decoder = ".".join(str(part) for part in av.library_versions["libavcodec"])
        return f"{VERSION}+opencv-{cv2.__version__}+avcodec-{decoder}"

    def track(self, recorded: Recorded, media: Media) -> Iterator[pa.Table]:
        """Tables of `OCULAR_TRACK`, some minutes each.

        Raises:
            MediaUndecodableError: The cached eye video cannot be decoded.
        """
        path, row = media.path(recorded.recording_id, "eye"), media.row(recorded.recording_id, "eye")
        assert path is not None and row is not None, "the stage asks only for recordings with an eye camera"
        start_s = float(str(row["start_s"]))
        eyes = _Eyes(OwnerGaze.of(media.track(recorded.recording_id, "gaze")))
        waiting: list[Row] = []
        for frame in eye_frames(path):
            waiting.append(eyes.row(start_s + frame.time_s, frame))
            if len(waiting) == BLOCK_ROWS:
                yield pa.Table.from_pylist(waiting, schema=OCULAR_TRACK)
                waiting = []
        if waiting:
            yield pa.Table.from_pylist(waiting, schema=OCULAR_TRACK)


class _Eyes:
    """Both eyes of one recording."""

    def __init__(self, owner: OwnerGaze) -> None:
        self._owner = owner
        self._readers = {side: EyeReader() for side in SIDES}
        self._usual = {side: UsualPlace() for side in SIDES}
        self._latest: Row = {}

    def row(self, time_s: float, frame: EyeFrame) -> Row:
        """The track's row of a frame; one that repeats the frame before repeats its numbers."""
        if not frame.repeated or not self._latest:
            self._latest = {"one_eye": False}
            for eye in () if frame.black else eye_pictures(frame.gray):
                column = "left" if eye.side == "only" else eye.side
                self._latest["one_eye"] = eye.side == "only"
                reading = self._readers[column].read(eye.gray)
                self._latest |= _numbers(column, reading)
                self._latest |= self._gaze(time_s, column, eye.side, reading)
        left, up = self._owner.at(time_s)
        own: Row = {"time_s": time_s, "repeated": frame.repeated, "black": frame.black}
        return {**self._latest, **own, "mps_left_deg": left, "mps_up_deg": up}

    def _gaze(self, time_s: float, column: str, side: str, reading: Reading) -> Row:
        if reading.pupil is None or reading.pupil_confidence < PUPIL_KNOWN:
            return {}
        usual = self._usual[column].before(time_s)
        x, y = reading.pupil.x, reading.pupil.y
        self._usual[column].add(time_s, x, y)
        turned = None if usual is None else direction(side, x, y, usual)
        if turned is None:
            return {}
        return {f"{column}_gaze_left_deg": turned.left_deg, f"{column}_gaze_up_deg": turned.up_deg}


def _numbers(column: str, reading: Reading) -> Row:
    pupil = reading.pupil
    numbers: dict[str, float | None] = {
        "aperture": reading.aperture,
        "lid_confidence": reading.lid_confidence,
        "axis_x_px": reading.axis_x,
        "upper_y_px": reading.upper.y if reading.upper else None,
        "lower_y_px": reading.lower.y if reading.lower else None,
        "pupil_x_px": pupil.x if pupil else None,
        "pupil_y_px": pupil.y if pupil else None,
        "pupil_diameter_px": 2 * pupil.major if pupil else None,
        "pupil_ratio": pupil.minor / pupil.major if pupil else None,
        "pupil_confidence": reading.pupil_confidence,
    }
    return {f"{column}_{name}": value for name, value in numbers.items()}


def create_tracker() -> OcularTracker:
    """The tracker of this file."""
    return OcularTracker()
