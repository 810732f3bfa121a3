"""A judge's calibration as one picture: share right by score over how often each score was given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from osmo.tasks.fonts import Font, own_font
from osmo.tasks.qa.calibration import SCORES, Calibration

Colour = tuple[int, int, int]
_PAPER: Colour = (255, 255, 255)
_INK: Colour = (33, 37, 41)
_FAINT: Colour = (134, 142, 150)
_GRID: Colour = (233, 236, 239)
_ACCEPTED: Colour = (11, 83, 148)
_REJECTED: Colour = (173, 181, 189)
_UNREVIEWED: Colour = (222, 226, 230)
_IDEAL: Colour = (192, 57, 43)

_SCALE = 2  # drawn twice as large as it is meant, for screens of today
_WIDTH, _HEIGHT = 720 * _SCALE, 660 * _SCALE
_LEFT, _RIGHT = 84 * _SCALE, 696 * _SCALE
_SHARES, _COUNTS = (118 * _SCALE, 418 * _SCALE), (480 * _SCALE, 580 * _SCALE)
_BAR = 0.62


@dataclass(frozen=True)
class _Sheet:
    """The picture, its fonts, and where a score and a share lie on it."""

    draw: ImageDraw.ImageDraw
    text: Font
    small: Font
    title: Font

    def x(self, score: float) -> float:
        """Middle of a score's column."""
        return _LEFT + (score - SCORES.start + 0.5) / len(SCORES) * (_RIGHT - _LEFT)

    def y(self, share: float) -> float:
        """Height of a share in the upper part."""
        top, bottom = _SHARES
        return bottom - share * (bottom - top)

    def column(self, score: int) -> tuple[float, float]:
        """Left and right end of a score's bar."""
        half = _BAR / 2 * (_RIGHT - _LEFT) / len(SCORES)
        return self.x(score) - half, self.x(score) + half


def draw_reliability(found: Calibration, file: Path, *, judge: str) -> None:
    """Write the picture as PNG.

    Args:
        found: What to draw.
        file: Where; an older picture there is replaced.
        judge: Its name, for the title.
    """
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    fonts = (own_font(14 * _SCALE), own_font(12 * _SCALE), own_font(18 * _SCALE))
    sheet = _Sheet(ImageDraw.Draw(image), *fonts)
    _head(sheet, found, judge)
    _axes(sheet)
    _shares(sheet, found)
    _threshold(sheet, found)
    _counts(sheet, found)
    _legend(sheet)
    image.save(file, "PNG")


def _head(sheet: _Sheet, found: Calibration, judge: str) -> None:
    left, at = _LEFT, found.confusion.accept_score
    sheet.draw.text((left, 22 * _SCALE), f"What people say of the scores of {judge}", _INK, sheet.title)
    precision = found.thresholds[at - SCORES.start].precision
    parts = [f"{found.reviewed:,} of {found.reviewed + found.unreviewed:,} scored regions reviewed"]
    if precision.share is not None and precision.low is not None and precision.high is not None:
        parts.append(
            f"accepted from {at}: {100 * precision.share:.0f} % right "
            f"({100 * precision.low:.0f} to {100 * precision.high:.0f} %)"
        )
    error = found.calibration_error
    parts.append("calibration error: too few reviews" if error is None else f"calibration error {error:.2f}")
    sheet.draw.text((left, 54 * _SCALE), "  ·  ".join(parts), _FAINT, sheet.small)


def _axes(sheet: _Sheet) -> None:
    for tenth in range(0, 11, 2):
        y = sheet.y(tenth / 10)
        sheet.draw.line((_LEFT, y, _RIGHT, y), _INK if tenth == 0 else _GRID, _SCALE)
        sheet.draw.text((_LEFT - 10 * _SCALE, y), f"{10 * tenth} %", _INK, sheet.small, anchor="rm")
    sheet.draw.text((_LEFT, _SHARES[0] - 26 * _SCALE), "Right, says every reviewer", _INK, sheet.text)
    for score in SCORES:
        place = (sheet.x(score), _COUNTS[1] + 14 * _SCALE)
        sheet.draw.text(place, str(score), _INK, sheet.text, anchor="mm")
    middle = ((_LEFT + _RIGHT) / 2, _COUNTS[1] + 36 * _SCALE)
    sheet.draw.text(middle, "score of the judge", _INK, sheet.text, anchor="mm")


def _shares(sheet: _Sheet, found: Calibration) -> None:
    for row in found.scores:
        right, (left, end) = row.right, sheet.column(row.score)
        if right.share is None or right.low is None or right.high is None:
            sheet.draw.text((sheet.x(row.score), sheet.y(0) - 10 * _SCALE), "none", _FAINT, sheet.small, anchor="mm")
            continue
        colour = _ACCEPTED if row.score >= found.confusion.accept_score else _REJECTED
        sheet.draw.rectangle((left, sheet.y(right.share), end, sheet.y(0)), colour)
    _ideal(sheet)
    for row in found.scores:
        right, x = row.right, sheet.x(row.score)
        if right.low is None or right.high is None:
            continue
        low, high, cap = sheet.y(right.low), sheet.y(right.high), 7 * _SCALE
        lines = ((x, high, x, low), (x - cap, low, x + cap, low), (x - cap, high, x + cap, high))
        for colour, more in ((_PAPER, _SCALE), (_INK, 0)):  # a light rim, to be seen on dark bars
            for x1, y1, x2, y2 in lines:
                sheet.draw.rectangle(
                    (x1 - _SCALE - more, y1 - _SCALE - more, x2 + _SCALE + more, y2 + _SCALE + more), colour
                )


def _ideal(sheet: _Sheet) -> None:
    """Where a score of 1 is never right, 10 is always, and between them it grows evenly."""
    points = [(sheet.x(SCORES.start), sheet.y(0.0)), (sheet.x(SCORES.stop - 1), sheet.y(1.0))]
    for start, end in _dashes(points[0], points[1]):
        sheet.draw.line((*start, *end), _IDEAL, 2 * _SCALE)


def _threshold(sheet: _Sheet, found: Calibration) -> None:
    x = sheet.x(found.confusion.accept_score - 0.5)
    for start, end in _dashes((x, _SHARES[0] - 6 * _SCALE), (x, _COUNTS[1])):
        sheet.draw.line((*start, *end), _FAINT, _SCALE)
    sheet.draw.text((x + 6 * _SCALE, _SHARES[0] - 18 * _SCALE), "accepted from here", _FAINT, sheet.small, anchor="lm")


def _counts(sheet: _Sheet, found: Calibration) -> None:
    top, bottom = _COUNTS
    most = max((row.verdicts for row in found.scores), default=0)
    sheet.draw.text((_LEFT, top - 34 * _SCALE), "Regions, reviewed ones in colour", _INK, sheet.text)
    sheet.draw.line((_LEFT, bottom, _RIGHT, bottom), _INK, _SCALE)
    for row in found.scores:
        if not row.verdicts:
            continue
        left, end = sheet.column(row.score)
        high, reviewed = (bottom - count / most * (bottom - top) for count in (row.verdicts, row.right.of))
        colour = _ACCEPTED if row.score >= found.confusion.accept_score else _REJECTED
        sheet.draw.rectangle((left, high, end, bottom), _UNREVIEWED)
        if row.right.of:
            sheet.draw.rectangle((left, reviewed, end, bottom), colour)
        said = f"{row.verdicts:,}"
        sheet.draw.text((sheet.x(row.score), high - 8 * _SCALE), said, _INK, sheet.small, anchor="mm")


def _legend(sheet: _Sheet) -> None:
    y, x = _HEIGHT - 22 * _SCALE, float(_LEFT)
    for colour, said in ((_ACCEPTED, "accepted"), (_REJECTED, "rejected"), (_UNREVIEWED, "not reviewed")):
        sheet.draw.rectangle((x, y - 6 * _SCALE, x + 12 * _SCALE, y + 6 * _SCALE), colour)
        sheet.draw.text((x + 18 * _SCALE, y), said, _INK, sheet.small, anchor="lm")
        x += 18 * _SCALE + sheet.small.getlength(said) + 20 * _SCALE
    sheet.draw.line((x, y, x + 16 * _SCALE, y), _IDEAL, 2 * _SCALE)
    said = "evenly calibrated"
    sheet.draw.text((x + 22 * _SCALE, y), said, _INK, sheet.small, anchor="lm")
    x += 22 * _SCALE + sheet.small.getlength(said) + 20 * _SCALE
    sheet.draw.line((x + 6 * _SCALE, y - 7 * _SCALE, x + 6 * _SCALE, y + 7 * _SCALE), _INK, 2 * _SCALE)
    sheet.draw.text((x + 16 * _SCALE, y), "95 % interval", _INK, sheet.small, anchor="lm")


def _dashes(
    start: tuple[float, float], end: tuple[float, float]
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
    count = max(1, round(length / (10 * _SCALE)))

    def at(share: float) -> tuple[float, float]:
        return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])

    for dash in range(count):
        yield at(dash / count), at((dash + 0.55) / count)
