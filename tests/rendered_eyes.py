"""Renders eyes as an infrared eye camera sees them, with known lids, pupil and gaze.

A caricature: skin, sclera, iris, pupil, lids as curves, wet lid margin, lashes, glints, shade, blur, noise, JPEG. What
is measured on it says how well the measures hold on such pictures, not on people.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 320, 240
LEFT_CORNER, RIGHT_CORNER = 48.0, 276.0
Gray = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """What one wearer's eye looks like. Grey levels of 255, lengths in pixels.

    Attributes:
        seed: Of lashes and textures.
        skin, sclera, iris, pupil: Grey levels before shading.
        lashes: How many on the upper lid.
        lash_length: Their length.
        slant: How far the inner corner lies above the outer one.
        obliquity: Shorter over longer axis of the pupil at rest.
        opening: Distance of the lids at the middle when the eye is as open as it is at rest.
        iris_radius: Half the iris's longer axis.
        glints: How many lamps show.
        noise: Standard deviation of the sensor's noise.
        blur: Standard deviation of the lens's blur.
    """

    seed: int
    skin: float = 80
    sclera: float = 58
    iris: float = 44
    pupil: float = 9
    lashes: int = 40
    lash_length: float = 24
    slant: float = 20
    obliquity: float = 0.8
    opening: float = 72
    iris_radius: float = 48
    glints: int = 3
    noise: float = 1.5
    blur: float = 0.8

    @classmethod
    def drawn(cls, seed: int) -> Look:
        """One at random."""
        rng = np.random.default_rng([77, seed])
        skin = rng.uniform(55, 110)
        return cls(
            seed=seed,
            skin=skin,
            sclera=skin * rng.uniform(0.62, 0.78),
            iris=skin * rng.uniform(0.42, 0.58),
            pupil=rng.uniform(6, 13),
            lashes=int(rng.integers(15, 75)),
            lash_length=rng.uniform(14, 36),
            slant=rng.uniform(-5, 45),
            obliquity=rng.uniform(0.45, 0.95),
            opening=rng.uniform(58, 84),
            iris_radius=rng.uniform(43, 52),
            glints=int(rng.integers(1, 5)),
            noise=rng.uniform(0.8, 2.5),
            blur=rng.uniform(0.6, 1.2),
        )


@dataclass(frozen=True)
class Pose:
    """How an eye is held.

    Attributes:
        aperture: Opening of the lids, 1 as at rest, 0 closed; more than 1 is wide open.
        gaze_x: Travel of the pupil to the right of the picture, pixels.
        gaze_y: Travel of the pupil downward, pixels.
        pupil_px: Diameter of the pupil: its longer axis.
        lower_rise: Rise of the lower lid, pixels.
        gain: Brightness of the lamps.
    """

    aperture: float = 1.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    pupil_px: float = 28.0
    lower_rise: float = 0.0
    gain: float = 1.0


@dataclass(frozen=True)
class Rendered:
    """A picture and what is true of it.

    Attributes:
        gray: The picture, shape (240, 320).
        upper: Row of the upper lid's margin at each column; NaN outside the eye.
        lower: The same of the lower lid.
        pupil_x: Centre of the pupil.
        pupil_y: Centre of the pupil.
        pupil_px: Longer axis of the pupil.
        pupil_shown: Share of the pupil that no lid covers.
    """

    gray: Gray
    upper: Floats
    lower: Floats
    pupil_x: float
    pupil_y: float
    pupil_px: float
    pupil_shown: float


def render(look: Look, pose: Pose, *, frame: int = 0, mirrored: bool = False, jpeg: bool = True) -> Rendered:
    """Draw one eye.

    Args:
        look: Whose.
        pose: How it is held.
        frame: Seed of the sensor's noise.
        mirrored: Draw it as the other eye's camera sees it.
        jpeg: Pack it as the camera does.
    """
    clean, upper, lower, x, y, shown = _clean(look, pose)
    noise = np.random.default_rng([look.seed, frame]).normal(0, look.noise, clean.shape).astype(np.float32)
    gray = np.clip(clean * np.float32(pose.gain) + noise, 0, 255).astype(np.uint8)
    if jpeg:
        _, packed = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 90])
        gray = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    if mirrored:
        gray, upper, lower, x = gray[:, ::-1].copy(), upper[::-1].copy(), lower[::-1].copy(), WIDTH - 1 - x
    return Rendered(gray, upper, lower, x, y, pose.pupil_px, shown)


@lru_cache(maxsize=256)
def _clean(look: Look, pose: Pose) -> tuple[npt.NDArray[np.float32], Floats, Floats, float, float, float]:
    """Picture without noise, rows of both margins, the pupil's centre and the share of it that shows."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    upper, lower = _lids(look, pose)
    x, y = 158.0 + pose.gaze_x, 152.0 + pose.gaze_y
    inside = (rows > upper) & (rows < lower)
    picture = _skin(look, rows, upper, lower, pose)
    picture[inside] = _ball(look, pose, rows, columns, x, y)[inside]
    picture[inside] *= (1 - 0.22 * np.exp(-np.clip(rows - upper, 0, None) / 7.0))[inside]
    shown = _share_shown(look, pose, rows, columns, x, y, inside)
    picture = cv2.GaussianBlur(picture, (0, 0), look.blur)
    _draw_lashes(picture, look, pose, upper, lower)
    _draw_glints(picture, look, x, y, inside)
    light = 0.35 + 0.9 / (1 + np.exp(-(rows - 90) / 45)) - 0.0009 * np.abs(columns - 150)
    return (picture * light).astype(np.float32), upper, lower, x, y, shown


def two_eyes(left: Rendered, right: Rendered) -> Gray:
    """Both eyes in one frame of 640 × 240, the wearer's left eye in the left half, as Aria stores them."""
    return np.hstack([left.gray, right.gray])


@dataclass(frozen=True)
class Blink:
    """One blink: down fast, shut shortly, up more slowly.

    Attributes:
        start_s: When the lid leaves its place.
        length_s: How long until it is back.
    """

    start_s: float
    length_s: float

    def aperture(self, time_s: float) -> float:
        """Opening of the lids at a time, 0-1."""
        share = (time_s - self.start_s) / self.length_s
        if not 0 < share < 1:
            return 1.0
        if share < 0.28:
            return float(0.5 + 0.5 * np.cos(np.pi * share / 0.28))
        return 0.0 if share < 0.5 else float(0.5 - 0.5 * np.cos(np.pi * (share - 0.5) / 0.5))


def _lids(look: Look, pose: Pose) -> tuple[Floats, Floats]:
    """Rows of both margins at each column; outside the corners NaN."""
    columns = np.arange(WIDTH, dtype=np.float64)
    share = (columns - LEFT_CORNER) / (RIGHT_CORNER - LEFT_CORNER)
    with np.errstate(invalid="ignore"):
        arch = np.where((share > 0) & (share < 1), 4 * share * (1 - share), np.nan)
        dome = arch**0.75
    line = 176.0 + look.slant * (0.5 - share)
    low = line + 0.22 * look.opening * arch - pose.lower_rise * arch
    high = line - 0.78 * look.opening * dome
    upper = low + pose.aperture * (high - (line + 0.22 * look.opening * arch))
    return np.minimum(upper, low), low


def _ball(look: Look, pose: Pose, rows: Floats, columns: Floats, x: float, y: float) -> Floats:
    rng = np.random.default_rng([look.seed, 1])
    radius, angle = _ellipse_radius(look, rows, columns, x, y)
    threads = cv2.GaussianBlur(rng.normal(0, 1, (1, 360)), (0, 0), 1.5)[0]
    texture = 3.0 * threads[np.clip(((angle + np.pi) / (2 * np.pi) * 359).astype(int), 0, 359)]
    limbus = 1 / (1 + np.exp(-(radius - look.iris_radius) / 1.8))
    iris = look.iris + texture - 5 * np.exp(-((radius - look.iris_radius + 3) ** 2) / 14)
    veins = cv2.GaussianBlur(rng.normal(0, 1, rows.shape), (0, 0), 5) * 12
    ball = iris * (1 - limbus) + (look.sclera + veins) * limbus
    edge = 1 / (1 + np.exp(-(radius - pose.pupil_px / 2) / 0.45))
    return np.asarray(look.pupil + (ball - look.pupil) * edge)


def _ellipse_radius(look: Look, rows: Floats, columns: Floats, x: float, y: float) -> tuple[Floats, Floats]:
    """Distance from the pupil's centre, stretched so that the foreshortened circle is a circle; and the angle."""
    tilt = np.radians(-35.0)
    dx, dy = columns - x, rows - y
    along, across = dx * np.cos(tilt) + dy * np.sin(tilt), -dx * np.sin(tilt) + dy * np.cos(tilt)
    return np.hypot(along, across / look.obliquity), np.arctan2(across, along)


def _share_shown(
    look: Look, pose: Pose, rows: Floats, columns: Floats, x: float, y: float, inside: npt.NDArray[np.bool_]
) -> float:
    disc = _ellipse_radius(look, rows, columns, x, y)[0] < pose.pupil_px / 2
    return float((disc & inside).sum() / max(1, disc.sum()))


def _skin(look: Look, rows: Floats, upper: Floats, lower: Floats, pose: Pose) -> Floats:
    rng = np.random.default_rng([look.seed, 2])
    coarse = cv2.GaussianBlur(rng.normal(0, 1, rows.shape), (0, 0), 12) * 30
    fine = cv2.GaussianBlur(rng.normal(0, 1, rows.shape), (0, 0), 1.0) * 5
    skin = look.skin + coarse + fine
    share = (np.arange(WIDTH) - LEFT_CORNER) / (RIGHT_CORNER - LEFT_CORNER)
    line = 176.0 + look.slant * (0.5 - share)
    near = np.exp(-(np.clip(-share, 0, None) + np.clip(share - 1, 0, None)) * 12)
    above = np.where(np.isnan(upper), line, upper) - rows
    below = rows - np.where(np.isnan(lower), line, lower)
    crease = line - 1.25 * look.opening * np.sqrt(np.clip(4 * share * (1 - share), 0, None))
    skin -= 0.12 * look.skin * near * np.exp(-((rows - crease) ** 2) / 18)
    skin += 0.10 * look.skin * near**3 * np.exp(-(((above - 4.0) / 3.5) ** 2)) * (above > 0)
    skin -= 0.18 * look.skin * near * np.exp(-(((above - 11.0) / 3.0) ** 2))
    skin -= 0.30 * look.skin * near * np.exp(-((below / 3.0) ** 2)) * (below > 0)
    skin += 0.15 * look.skin * np.clip(below / 40, 0, 1)
    skin -= 0.15 * look.skin * near * np.exp(-((above / 2.0) ** 2)) * (pose.aperture < 0.08)
    return np.asarray(skin)


def _draw_lashes(picture: Floats, look: Look, pose: Pose, upper: Floats, lower: Floats) -> None:
    rng = np.random.default_rng([look.seed, 3])
    columns = np.flatnonzero(~np.isnan(upper))
    drop = float(np.clip(1 - pose.aperture, 0, 1))
    for number in range(look.lashes + look.lashes // 3):
        above = number < look.lashes
        column = int(rng.choice(columns[6:-6]))
        length = look.lash_length * rng.uniform(0.6, 1.2) * (1.0 if above else 0.4)
        lean = (column - 158) / 120 + rng.normal(0, 0.25)
        depth, width = rng.uniform(0.25, 0.6), 1 if rng.random() < 0.75 else 2
        root = (upper[column] - 8 * (1 - drop)) if above else lower[column] + 3
        rise = length * (1 - 1.7 * drop) if above else -length
        bend = length * lean
        points = np.array(
            [[column + bend * t * 0.5, root - rise * t - 0.2 * abs(bend) * t * (1 - t)] for t in np.linspace(0, 1, 6)]
        )
        mask = np.zeros(picture.shape, np.uint8)
        cv2.polylines(mask, [np.rint(points * 8).astype(np.int32)], False, 255, width, cv2.LINE_AA, shift=3)
        touched = mask > 0
        picture[touched] *= 1 - depth * mask[touched] / 255.0


def _draw_glints(picture: Floats, look: Look, x: float, y: float, inside: npt.NDArray[np.bool_]) -> None:
    rng = np.random.default_rng([look.seed, 4])
    for _ in range(look.glints):
        angle, reach = rng.uniform(-0.6, 2.2), rng.uniform(0.30, 0.95) * look.iris_radius
        at = (round((x * 0.6 + 63 + reach * np.cos(angle)) * 8), round((y * 0.6 + 61 + reach * np.sin(angle)) * 8))
        spot = np.zeros(picture.shape, np.uint8)
        cv2.circle(spot, at, 14, 255, -1, cv2.LINE_AA, shift=3)
        lit = (spot > 0) & inside
        picture[lit] = np.maximum(picture[lit], 255.0 * spot[lit] / 255.0)
