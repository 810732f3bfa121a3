"""Draws what the ocular tracker sees in real Aria frames and in rendered ones: docs/eye-*.png, to be looked at.

Prints how far the eyes turn by the pixels and by the recording's own gaze file.

python benchmarks/eye_overlay.py [--corpora FOLDER] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from osmo.tasks.eyes.ellipse import Ellipse
from osmo.tasks.eyes.gaze import direction
from osmo.tasks.eyes.layout import eye_pictures
from osmo.tasks.eyes.reading import EyeReader, Reading
from osmo.tasks.gaze import read_gaze
from osmo.tasks.vrs import open_vrs

REPOSITORY = Path(__file__).resolve().parent.parent
RECORDINGS = {
    "wearer 1": "aria_gen1/aea_recording/recording.vrs",
    "wearer 2": "aria_gen1/aria_unit_test_timecode_sequence_calib.vrs",
}
EYES = "211-1"
SCALE, TOP, BOTTOM, MARGIN = 2, 55, 220, 44
GREEN, YELLOW, CYAN, RED = (80, 255, 80), (0, 230, 255), (255, 220, 0), (60, 60, 255)

Picture = npt.NDArray[np.uint8]


def frames(path: Path) -> list[Picture]:
    """The eye camera's pictures of a VRS file."""
    with open_vrs(path) as file:
        return [np.asarray(Image.open(io.BytesIO(data)).convert("L")) for _, data in file.images(EYES)]


def drawn(title: str, gray: Picture, reading: Reading, turned: str) -> Picture:
    """One eye, enlarged, with lids, pupil, and the numbers below."""
    bright = np.clip(255 * np.clip(gray / 110.0, 0, 1) ** 0.6, 0, 255).astype(np.uint8)
    large = cv2.resize(bright, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC) & 0xF8
    canvas = np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)
    for margin, colour in ((reading.upper, YELLOW), (reading.lower, CYAN)):
        if margin is not None:
            columns = np.linspace(margin.x - margin.half_width, margin.x + margin.half_width, 40)
            _line(canvas, np.stack([columns, margin.at(columns)], 1), colour, closed=False)
    if reading.axis_x is not None and reading.upper is not None and reading.lower is not None:
        ends = np.array([[reading.axis_x, reading.upper.y], [reading.axis_x, reading.lower.y]])
        _line(canvas, ends, RED, closed=False)
    if reading.pupil is not None:
        _line(canvas, reading.pupil.points(np.linspace(0, 2 * np.pi, 60)), GREEN, closed=True)
        cv2.drawMarker(canvas, _place(reading.pupil.x, reading.pupil.y), GREEN, cv2.MARKER_CROSS, 14, 1, cv2.LINE_AA)
    shown = canvas[TOP * SCALE : BOTTOM * SCALE]
    lines = [title + turned, _numbers(reading)]
    below = np.zeros((MARGIN, shown.shape[1], 3), np.uint8)
    for number, text in enumerate(lines):
        cv2.putText(below, text, (8, 17 + 20 * number), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return np.vstack([shown, below])


def _numbers(reading: Reading) -> str:
    lids = "lids ?" if reading.aperture is None else f"lids {reading.aperture:.3f} ({reading.lid_confidence:.2f})"
    if reading.pupil is None:
        return f"{lids}  no pupil"
    pupil = reading.pupil
    return (
        f"{lids}  pupil {pupil.x:.1f} {pupil.y:.1f}  {2 * pupil.major:.1f} px "
        f"x {pupil.minor / pupil.major:.2f} ({reading.pupil_confidence:.2f})"
    )


def _turned(side: str, reading: Reading, last: Ellipse | None) -> str:
    """How far the eye has turned from where it points in the last frame, in which the gaze file says straight ahead."""
    if reading.pupil is None or last is None:
        return ""
    angle = direction(side, reading.pupil.x, reading.pupil.y, (last.x, last.y))
    return "" if angle is None else f"  gaze left {angle.left_deg:+.1f} up {angle.up_deg:+.1f} deg"


def _place(x: float, y: float) -> tuple[int, int]:
    return round((x + 0.5) * SCALE), round((y + 0.5) * SCALE)


def _line(canvas: Picture, points: npt.NDArray[np.floating], colour: tuple[int, int, int], *, closed: bool) -> None:
    places = np.rint((points + 0.5) * SCALE).astype(np.int32)
    cv2.polylines(canvas, [places], closed, colour, 1)


def overlay(corpora: Path) -> Picture:
    """All real frames of two people, a row each."""
    rows: list[Picture] = []
    for wearer, uri in RECORDINGS.items():
        readers = {side: EyeReader() for side in ("left", "right")}
        pictures = [eye_pictures(frame) for frame in frames(corpora / uri)]
        read = [[(eye.side, eye.gray, readers[eye.side].read(eye.gray)) for eye in eyes] for eyes in pictures]
        last = {side: reading.pupil for side, _, reading in read[-1]}
        for number, eyes in enumerate(read):
            row = [
                drawn(f"{wearer}, {side} eye, frame {number + 1}", gray, reading, _turned(side, reading, last[side]))
                for side, gray, reading in eyes
            ]
            rows.append(np.hstack(row))
    return np.vstack(rows)


def compared(corpora: Path) -> list[str]:
    """Turns of wearer 1 to the left since the last frame, by the pixels and by the recording's gaze file, degrees."""
    folder = corpora / RECORDINGS["wearer 1"]
    data = (folder.parent / "mps" / "eye_gaze" / "general_eye_gaze.csv").read_bytes()
    owner = np.degrees(read_gaze(data, "mps_gaze", start_s=0.0)[0]["yaw_rad"].to_numpy())
    eyes = [{eye.side: eye.gray for eye in eye_pictures(frame)} for frame in frames(folder)]
    lines = ["| frame | left eye | right eye | mean | gaze file |", "| ---: | ---: | ---: | ---: | ---: |"]
    pupils = {side: [EyeReader().read(both[side]).pupil for both in eyes] for side in ("left", "right")}
    for number in range(len(eyes)):
        turns = []
        for side, places in pupils.items():
            here, last = places[number], places[-1]
            turned = None if here is None or last is None else direction(side, here.x, here.y, (last.x, last.y))
            turns.append(float("nan") if turned is None else turned.left_deg)
        shown = [*turns, sum(turns) / 2, float(owner[number] - owner[-1])]
        lines.append(f"| {number + 1} | " + " | ".join(f"{value:+.1f}" for value in shown) + " |")
    return lines


def rendered() -> Picture:
    """Looks of tests/rendered_eyes.py, a row each: open, aside with a wide pupil, half shut, shut."""
    spec = importlib.util.spec_from_file_location("rendered_eyes", REPOSITORY / "tests" / "rendered_eyes.py")
    assert spec is not None and spec.loader is not None
    eyes = importlib.util.module_from_spec(spec)
    sys.modules["rendered_eyes"] = eyes
    spec.loader.exec_module(eyes)
    poses = [
        eyes.Pose(),
        eyes.Pose(gaze_x=-22, pupil_px=44),
        eyes.Pose(aperture=0.5),
        eyes.Pose(aperture=0.0),
    ]
    rows: list[Picture] = []
    for seed in (100, 101, 102, 103):
        look, reader = eyes.Look.drawn(seed), EyeReader()
        row: list[Picture] = []
        for pose in poses:
            true = eyes.render(look, pose, mirrored=bool(seed % 2))
            for _ in range(3 if pose is poses[0] else 1):
                reading = reader.read(true.gray)
            pupil = f"pupil {true.pupil_x:.0f} {true.pupil_y:.0f}  {pose.pupil_px:.0f} px"
            truth = f"true: lids {pose.aperture:.1f} of usual  {pupil}"
            row.append(drawn(truth, true.gray, reading, ""))
        rows.append(np.hstack(row))
    return np.vstack(rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpora", type=Path, default=REPOSITORY.parent / "shared" / "corpora")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs", help="folder of the pictures")
    given = parser.parse_args()
    Image.fromarray(overlay(given.corpora)[..., ::-1]).save(given.out / "eye-overlay.png", optimize=True)
    Image.fromarray(rendered()[..., ::-1]).save(given.out / "eye-rendered.png", optimize=True)
    print("\n".join(compared(given.corpora)))


if __name__ == "__main__":
    main()
