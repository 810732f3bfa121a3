"""Takes from an eye picture what hides it: the lamps' glints, and lashes."""

from __future__ import annotations

import cv2
import numpy as np

from osmo.tasks.eyes.layout import Gray

_GLINT = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
_SPREAD = np.ones((3, 3), np.uint8)
_LASH = np.ones((1, 9), np.uint8)
STANDS_OUT, AT_LEAST = 0.6, 18
"""A glint is brighter than what is around it by 60 % and 18 grey levels more; a lid's wet margin stays under it."""
_BRIGHTEST = np.clip(np.arange(256) * (1 + STANDS_OUT) + AT_LEAST, 0, 254).astype(np.uint8)


def without_glints(gray: Gray) -> Gray:
    """Bright dots narrower than 9 pixels that stand out are taken out, with their fringe."""
    plain = cv2.morphologyEx(gray, cv2.MORPH_OPEN, _GLINT)
    bright = cv2.compare(gray, cv2.LUT(plain, _BRIGHTEST), cv2.CMP_GT)
    return np.asarray(cv2.copyTo(plain, cv2.dilate(bright, _SPREAD), gray.copy()), np.uint8)


def without_lashes(calm: Gray) -> Gray:
    """Dark things less than 9 pixels wide are filled; along a column nothing moves, so lids stay where they are."""
    return np.asarray(cv2.morphologyEx(calm, cv2.MORPH_CLOSE, _LASH), np.uint8)
