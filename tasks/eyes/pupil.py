"""Finds the pupil: the darkest round thing of an infrared eye picture, its edge to a fraction of a pixel.

A coarse search by centre and surround, then an ellipse on edge points, after Świrski, Bulling and Dodgson, "Robust
real-time pupil tracking in highly off-axis images" (ETRA 2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from osmo.tasks.eyes.edges import edge_points
from osmo.tasks.eyes.ellipse import Ellipse, Floats, fitted
from osmo.tasks.eyes.layout import Gray
from osmo.tasks.eyes.ranks import ranked

RADII = {2: (3, 5), 4: (4, 6)}
"""Half-sizes of the searched centre, by how many times the picture is made smaller: pupils of 8 to 60 pixels across."""
CANDIDATES = 3
SURE = 0.8
"""Confidence from which no other candidate is looked at."""
LEAST_CONTRAST = 0.16
"""(surround - centre) / (surround + 10 levels) under which nothing is looked at: iris on pupil gives 0.4 to 0.7."""
SMALLEST, LARGEST = 3.0, 34.0
"""Half of the longer axis, pixels: on Aria, at about 8 pixels a millimetre, pupils of 0.7 to 8 mm."""
NARROWEST = 0.22
"""Shorter over longer axis: a pupil seen 77 degrees from the side."""
ROUNDS = 2
_TURN = np.linspace(0, 2 * np.pi, 24, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], 1)
_INSIDE = np.concatenate([_CIRCLE * share for share in (0.3, 0.6, 0.8)])
_AROUND = np.concatenate([_CIRCLE * share for share in (1.3, 1.6)])
FAR = 0.16
"""Edge points farther off the ellipse than this share of its radius are left out: glints, lashes, the lid's edge."""


@dataclass(frozen=True)
class Pupil:
    """A pupil.

    Attributes:
        ellipse: Its edge.
        confidence: 0-1: share of the edge that was seen, times how well it lies on an ellipse and how dark it is.
        seen: Share of the ellipse's edge that was found in the picture, 0-1; the rest is hidden by a lid or glints.
        darkness: Its grey level over that of the iris around it.
    """

    ellipse: Ellipse
    confidence: float
    seen: float
    darkness: float


def find_pupil(gray: Gray, calm: Gray, near: Ellipse | None = None) -> Pupil | None:
    """The most convincing pupil, or null.

    Args:
        gray: Eye picture, shape (240, W).
        calm: The same without glints.
        near: Where it was in the frame before: looked at first, since an eye mostly rests. Null: not known.
    """
    best = None if near is None else _refined(gray, near)
    if best is not None and best.confidence >= SURE:
        return best
    for x, y, radius in _candidates(calm):
        blob = _blob(calm, x, y, radius)
        pupil = None if blob is None else _refined(gray, blob)
        if pupil is not None and (best is None or pupil.confidence > best.confidence):
            best = pupil
        if best is not None and best.confidence >= SURE:
            break
    return best


def _candidates(calm: Gray) -> list[tuple[int, int, int]]:
    """Places and half-sizes (full pixels) of dark centres in bright surrounds, the best first."""
    found: list[tuple[float, int, int, int]] = []
    for scale, radii in RADII.items():
        small = cv2.resize(calm, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
        for radius in radii:
            inner = cv2.boxFilter(small, cv2.CV_32F, (2 * radius + 1,) * 2)
            outer = cv2.boxFilter(small, cv2.CV_32F, (6 * radius + 1,) * 2)
            contrast = np.asarray((outer - inner) / (outer + 10.0), np.float32)
            for _ in range(2):
                _, most, _, (x, y) = cv2.minMaxLoc(contrast)
                found.append((most, scale * x, scale * y, scale * radius))
                cv2.circle(contrast, (x, y), 3 * radius, -1.0, -1)
    apart: list[tuple[int, int, int]] = []
    for most, x, y, radius in sorted(found, reverse=True):
        near = any(abs(x - other[0]) + abs(y - other[1]) < max(radius, other[2]) for other in apart)
        if most >= LEAST_CONTRAST and not near and len(apart) < CANDIDATES:
            apart.append((x, y, radius))
    return apart


def _blob(calm: Gray, x: int, y: int, radius: int) -> Ellipse | None:
    """The dark blob at a place, as a rough ellipse."""
    reach = 3 * radius
    top, left = max(0, y - reach), max(0, x - reach)
    window = calm[top : y + reach + 1, left : x + reach + 1]
    core = calm[max(0, y - radius // 2) : y + radius // 2 + 1, max(0, x - radius // 2) : x + radius // 2 + 1]
    (dark,), (around,) = ranked(core, 0.2), ranked(window[::2, ::2], 0.5)
    mask = (window < dark + 0.45 * (around - dark)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count < 2:
        return None
    near = labels[max(0, y - top - radius) : y - top + radius + 1, max(0, x - left - radius) : x - left + radius + 1]
    label = int(np.bincount(near[near > 0], minlength=count)[1:].argmax()) + 1 if near.any() else 0
    if label == 0 or stats[label, cv2.CC_STAT_AREA] < 12:
        return None
    moments = cv2.moments((labels == label).astype(np.uint8), binaryImage=True)
    spread = np.array([[moments["mu20"], moments["mu11"]], [moments["mu11"], moments["mu02"]]]) / moments["m00"]
    values, vectors = np.linalg.eigh(spread)
    minor, major = 2 * np.sqrt(np.maximum(values, 0.25))
    centre_x, centre_y = moments["m10"] / moments["m00"] + left, moments["m01"] / moments["m00"] + top
    return Ellipse(centre_x, centre_y, major, max(minor, 0.3 * major), float(np.arctan2(vectors[1, 1], vectors[0, 1])))


def _refined(gray: Gray, rough: Ellipse) -> Pupil | None:
    """Pull the ellipse onto the edge, round by round; far points are left out."""
    ellipse, usable = rough, 1
    kept: npt.NDArray[np.bool_] = np.zeros(0, bool)
    off: Floats = np.zeros(0)
    for _ in range(ROUNDS):
        found, usable = edge_points(gray, ellipse)
        if usable < 12 or len(found) < 8:
            return None
        off = ellipse.radii(found) - 1.0
        kept = np.abs(off - ranked(off, 0.5)[0]) <= max(FAR, 1.5 / ellipse.minor)
        for _ in range(2):
            closer = fitted(found[kept])
            if closer is None or not _plausible(closer):
                return None
            off = closer.radii(found) - 1.0
            kept = np.abs(off) <= max(FAR / 2, 1.0 / closer.minor)
            ellipse = closer
    return _judged(gray, ellipse, float(kept.sum()) / usable, off[kept])


def _plausible(ellipse: Ellipse) -> bool:
    return SMALLEST <= ellipse.major <= LARGEST and ellipse.minor >= NARROWEST * ellipse.major


def _judged(gray: Gray, ellipse: Ellipse, seen: float, off: Floats) -> Pupil | None:
    inside, around = _levels(gray, ellipse, _INSIDE), _levels(gray, ellipse, _AROUND)
    if len(inside) < 36 or len(around) < 24 or not len(off):
        return None
    low, dark, high = ranked(inside, 0.2, 0.5, 0.8)
    (bright,) = ranked(around, 0.5)
    contrast = _clipped(((bright - dark) / (bright + 10.0) - 0.1) / 0.25)
    even = _clipped(1.6 - (high - low) / max(4.0, bright - dark))
    close = _clipped(1.5 - math.sqrt(float(off @ off) / len(off)) * ellipse.minor)
    confidence = _clipped((seen - 0.3) / 0.5) * contrast * even * close
    return Pupil(ellipse, confidence, min(1.0, seen), dark / (bright + 1.0))


def _clipped(share: float) -> float:
    return min(1.0, max(0.0, share))


def _levels(gray: Gray, ellipse: Ellipse, circles: Floats) -> Floats:
    """Grey levels at points given on unit circles, those inside the picture."""
    places = circles @ ellipse.frame().T + (ellipse.x, ellipse.y)
    columns, rows = np.rint(places).astype(int).T
    inside = (columns >= 0) & (columns < gray.shape[1]) & (rows >= 0) & (rows < gray.shape[0])
    return np.asarray(gray[rows[inside], columns[inside]], np.float64)
