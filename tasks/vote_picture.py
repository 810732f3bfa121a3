"""The votes as one picture: agreement of each two voters as a heat map, beside bars of how votes fall.

It is written in Pillow's own font, which every machine has and which knows neither Greek nor dashes.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from osmo.tasks.fonts import own_font
from osmo.tasks.vote_patterns import VotePattern
from osmo.tasks.vote_report import VoteReport

Colour = tuple[int, int, int]
_INK: Colour = (33, 37, 41)
_FAINT: Colour = (134, 142, 150)
_LOW: Colour = (241, 243, 245)
_HIGH: Colour = (11, 83, 148)
_FATES: tuple[tuple[str, str, Colour], ...] = (
    ("kept", "kept", (47, 128, 87)),
    ("neutral", "neutral", (173, 181, 189)),
    ("below_quorum", "below quorum", (222, 226, 230)),
    ("other_speaker", "another speaker", (232, 163, 61)),
    ("outside_media", "outside media", (192, 57, 43)),
)
_SCALE = 2  # drawn twice as large as it is meant, for screens of today
_MARGIN, _CELL, _LINE, _BAR = 32 * _SCALE, 92 * _SCALE, 26 * _SCALE, 420 * _SCALE


def draw_votes(report: VoteReport, file: Path) -> None:
    """Write the picture as PNG."""
    text, small, title = own_font(14 * _SCALE), own_font(12 * _SCALE), own_font(17 * _SCALE)
    names = max((text.getlength(name) for name in report.voters), default=0)
    left = round(_MARGIN + names + 12 * _SCALE)
    side = _CELL * len(report.voters)
    top = _MARGIN + 3 * _LINE
    bars_left = left + side + 2 * _MARGIN + 130 * _SCALE
    bars = [one for one in report.patterns if one.segments]
    width = round(bars_left + _BAR + 90 * _SCALE + _MARGIN)
    height = round(max(top + side + _LINE, top + len(bars) * _LINE + 2 * _LINE) + _MARGIN)
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    alpha = "none" if report.alpha is None else f"{report.alpha:.2f}"
    draw.text((_MARGIN, _MARGIN), "How voters agree", _INK, title)
    draw.text(
        (_MARGIN, _MARGIN + _LINE), f"Cohen's kappa, and equal labels; Krippendorff's alpha {alpha}", _FAINT, small
    )
    draw.text((bars_left - 130 * _SCALE, _MARGIN), "How votes fall", _INK, title)
    draw.text(
        (bars_left - 130 * _SCALE, _MARGIN + _LINE), f"{report.segments:,} segments, by equal votes", _FAINT, small
    )
    _heat(draw, report, (left, top), text, small)
    _bars(draw, bars, (bars_left, top), text, small)
    image.save(file, "PNG")


def _heat(
    draw: ImageDraw.ImageDraw,
    report: VoteReport,
    at: tuple[int, int],
    text: ImageFont.FreeTypeFont,
    small: ImageFont.FreeTypeFont,
) -> None:
    left, top = at
    pairs = {(one.first, one.second): one for one in report.pairs} | {
        (one.second, one.first): one for one in report.pairs
    }
    coverage = {one.voter: one.coverage for one in report.coverage}
    for row, mine in enumerate(report.voters):
        y = top + row * _CELL
        draw.text((left - 12 * _SCALE, y + _CELL / 2), mine, _INK, text, anchor="rm")
        draw.text(
            (left + row * _CELL + _CELL / 2, top + len(report.voters) * _CELL + _LINE / 2),
            _fitted(mine, small),
            _INK,
            small,
            anchor="mm",
        )
        for column, other in enumerate(report.voters):
            box = (left + column * _CELL, y, left + (column + 1) * _CELL - 3 * _SCALE, y + _CELL - 3 * _SCALE)
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            if row == column:
                share = coverage.get(mine)
                draw.rectangle(box, "white", _LOW, 2 * _SCALE)
                said = "none" if share is None else f"{100 * share:.0f} %"
                draw.text((middle[0], middle[1] - 8 * _SCALE), said, _FAINT, text, anchor="mm")
                draw.text((middle[0], middle[1] + 12 * _SCALE), "labelled", _FAINT, small, anchor="mm")
                continue
            pair = pairs[mine, other]
            share = 0.0 if pair.kappa is None else min(1.0, max(0.0, pair.kappa))
            draw.rectangle(box, _blend(share))
            ink: Colour = (255, 255, 255) if share > 0.45 else _INK
            kappa = "-" if pair.kappa is None else f"{pair.kappa:.2f}"
            equal = "never met" if pair.equal is None else f"{100 * pair.equal:.0f} % equal"
            draw.text((middle[0], middle[1] - 8 * _SCALE), kappa, ink, text, anchor="mm")
            draw.text((middle[0], middle[1] + 12 * _SCALE), equal, ink, small, anchor="mm")


def _bars(
    draw: ImageDraw.ImageDraw,
    bars: list[VotePattern],
    at: tuple[int, int],
    text: ImageFont.FreeTypeFont,
    small: ImageFont.FreeTypeFont,
) -> None:
    left, top = at
    most = max((one.segments for one in bars), default=1)
    for place, one in enumerate(bars):
        y = top + place * _LINE
        x = float(left)
        draw.text((left - 130 * _SCALE, y + _LINE / 2), one.name.replace("–", "-"), _INK, text, anchor="lm")
        if one.abstained:
            draw.text((left - 12 * _SCALE, y + _LINE / 2), f"{one.abstained} abstained", _FAINT, small, anchor="rm")
        for field, _, colour in _FATES:
            share = getattr(one, field) / most * _BAR
            if share:
                draw.rectangle((x, y + 4 * _SCALE, x + share, y + _LINE - 4 * _SCALE), colour)
            x += share
        draw.text((x + 8 * _SCALE, y + _LINE / 2), f"{one.segments:,}", _INK, small, anchor="lm")
    x, y = float(left - 130 * _SCALE), top + len(bars) * _LINE + _LINE
    for field, said, colour in _FATES:
        if not any(getattr(one, field) for one in bars):
            continue
        draw.rectangle((x, y - 6 * _SCALE, x + 12 * _SCALE, y + 6 * _SCALE), colour)
        draw.text((x + 18 * _SCALE, y), said, _INK, small, anchor="lm")
        x += 34 * _SCALE + small.getlength(said)


def _blend(share: float) -> Colour:
    red, green, blue = (round(low + (high - low) * share) for low, high in zip(_LOW, _HIGH, strict=True))
    return red, green, blue


def _fitted(name: str, font: ImageFont.FreeTypeFont) -> str:
    """The name, cut where it is wider than a cell."""
    while len(name) > 2 and font.getlength(name) > _CELL - 6 * _SCALE:
        name = name[:-2] + "."
    return name
