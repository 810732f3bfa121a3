"""Pictures for a recording without video: who speaks and what is said, drawn from the transcript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np
from PIL import Image, ImageDraw

from osmo.tasks.fonts import Font, font_for, is_cjk, own_font
from osmo.tasks.transcripts import Cue

NO_FONT_NOTE = "(no font for this text on the machine that rendered it: read the dialogue panel)"
FOOTER = "no video: captions from the transcript"

_BACKGROUND, _TEXT, _DIM = (16, 18, 24), (240, 240, 236), (112, 116, 128)
_SPEAKERS = ((255, 196, 92), (120, 200, 255), (152, 224, 140), (255, 150, 160), (206, 166, 255), (130, 226, 214))
_LARGEST, _SMALLEST = 34, 14  # px at a height of 360
_AT_ONCE = 3
_KEPT = 4  # rendered pictures that are remembered: captions rarely come back


@dataclass(frozen=True)
class _Line:
    text: str
    font: Font
    colour: tuple[int, int, int]


def captions(cues: Sequence[Cue], *, fps: Fraction, count: int, size: tuple[int, int]) -> Iterator[av.VideoFrame]:
    """Pictures that show the cues being said, each rendered once.

    Args:
        cues: In any order; overlapping ones are shown together, at most three.
        fps: Pictures per second.
        count: Pictures.
        size: Width and height in pixels.

    Returns:
        yuv420p pictures; one that stays comes several times, as the same object. A cue is shown in the pictures of
        which it covers half, and a shorter one in those it touches.
    """
    colours = {
        name: _SPEAKERS[i % len(_SPEAKERS)]
        for i, name in enumerate(dict.fromkeys(cue.speaker for cue in sorted(cues, key=_order)))
    }
    ordered = sorted(cues, key=_order)
    first = 0
    longest = max((cue.end_s - cue.start_s for cue in cues), default=0.0)

    @lru_cache(maxsize=_KEPT)
    def rendered(shown: tuple[Cue, ...]) -> av.VideoFrame:
        image = draw([(cue.speaker, cue.text, colours[cue.speaker]) for cue in shown], size)
        frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
        return frame.reformat(format="yuv420p")

    for n in range(count):
        start_s, end_s = float(n / fps), float((n + 1) / fps)
        while first < len(ordered) and ordered[first].start_s + longest <= start_s:
            first += 1
        shown = []
        for cue in ordered[first:]:
            if cue.start_s >= end_s:
                break
            covered = min(cue.end_s, end_s) - max(cue.start_s, start_s)
            if covered > 0 and covered >= min(cue.end_s - cue.start_s, end_s - start_s) / 2:
                shown.append(cue)
        yield rendered(tuple(shown[-_AT_ONCE:]))


def draw(shown: Sequence[tuple[str | None, str, tuple[int, int, int]]], size: tuple[int, int]) -> Image.Image:
    """One picture: speaker, text and the speaker's colour for each cue; none: only the footer."""
    width, height = size
    image = Image.new("RGB", size, _BACKGROUND)
    canvas = ImageDraw.Draw(image)
    scale = height / 360
    footer = own_font(max(8, round(13 * scale)))
    canvas.text((width / 2, height - 12 * scale), FOOTER, fill=_DIM, font=footer, anchor="mm")
    margin, room = round(28 * scale), height - round(56 * scale)
    lines: list[_Line] = []
    for px in range(round(_LARGEST * scale), max(7, round(_SMALLEST * scale)) - 1, -2):
        lines = _lines(shown, px, width - 2 * margin, canvas)
        if sum(_height(line) for line in lines) <= room:
            break
    y = (height - round(20 * scale) - sum(_height(line) for line in lines)) / 2
    for line in lines:
        canvas.text((margin, max(0.0, y)), line.text, fill=line.colour, font=line.font)
        y += _height(line)
    return image


def _order(cue: Cue) -> tuple[float, float]:
    return cue.start_s, cue.end_s


def _lines(
    shown: Sequence[tuple[str | None, str, tuple[int, int, int]]], px: int, width: int, canvas: ImageDraw.ImageDraw
) -> list[_Line]:
    lines = []
    for speaker, text, colour in shown:
        if speaker:
            small = max(8, round(px * 0.72))
            lines.append(_Line(speaker, font_for(speaker, small) or own_font(small), colour))
        font = font_for(text, px)
        if font is None:
            text, font = NO_FONT_NOTE, own_font(px)
        lines.extend(_Line(line, font, _TEXT) for line in _wrapped(text, font, width, canvas))
    return lines


def _height(line: _Line) -> float:
    return line.font.size * 1.4


def _wrapped(text: str, font: Font, width: int, canvas: ImageDraw.ImageDraw) -> list[str]:
    """Lines no wider than `width`: broken at spaces, and anywhere in Chinese text or in a word that is too long."""
    lines, line = [], ""
    for piece in _pieces(text):
        if not line or canvas.textlength(line + piece.rstrip(), font=font) <= width:
            line += piece
        else:
            lines.append(line.rstrip())
            line = piece
        while canvas.textlength(line.rstrip(), font=font) > width and len(line) > 1:
            fits = max(1, next(n for n in range(len(line), 0, -1) if n == 1 or _fits(line[:n], font, width, canvas)))
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line.rstrip()] if line.strip() else lines


def _fits(text: str, font: Font, width: int, canvas: ImageDraw.ImageDraw) -> bool:
    return canvas.textlength(text, font=font) <= width


def _pieces(text: str) -> Iterator[str]:
    word = ""
    for char in text:
        if word and (word[-1] == " " or is_cjk(char) or is_cjk(word[-1])) and char not in "，。！？、；：”’）》…":
            yield word
            word = ""
        word += char
    if word:
        yield word
