"""Pictures of the sample: what a wearer could see, and the wearer's eyes, drawn from simple shapes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance
from sample_speech import Line

SCENE_SIZE, SCENE_FPS = (384, 288), 10
EYE_SIZE, EYE_FPS = (640, 240), 10
BLINK_S = 0.25

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Mood:
    """How an emotion shows: light of the scene, restlessness of head and eyes, lid opening, gaze, blinks a second."""

    light: float
    restless: float
    lid: float
    gaze_down: float
    blinks_hz: float


MOODS = {
    "neutral": Mood(1.0, 1.0, 0.80, 0.0, 0.25),
    "anger": Mood(1.0, 2.6, 0.60, 0.0, 0.15),
    "sadness": Mood(0.72, 0.4, 0.50, 0.7, 0.35),
    "joy": Mood(1.22, 1.5, 0.72, -0.1, 0.25),
    "fear": Mood(0.80, 3.2, 1.00, 0.0, 0.60),
    "surprise": Mood(1.10, 1.8, 1.05, -0.2, 0.10),
    "disgust": Mood(0.90, 1.4, 0.55, 0.3, 0.30),
}


def mood_at(lines: Sequence[Line], wearer: str, time_s: float) -> Mood:
    """The wearer's mood: that of their latest line, fading over half a second."""
    started = [line for line in lines if line.speaker == wearer and line.start_s <= time_s]
    if not started:
        return MOODS["neutral"]
    now = MOODS[started[-1].emotion]
    before = MOODS[started[-2].emotion] if len(started) > 1 else MOODS["neutral"]
    share = min(1.0, (time_s - started[-1].start_s) / 0.5)
    mixed = (b + (n - b) * share for n, b in zip(vars(now).values(), vars(before).values(), strict=True))
    return Mood(*mixed)


def scene(name: str, lines: Sequence[Line], wearer: str, count: int) -> Iterator[av.VideoFrame]:
    """Pictures of a scene: the head sways, light and restlessness follow the mood."""
    drawn: Callable[[ImageDraw.ImageDraw, float, float, float], None] = SCENES[name]
    phase = 0.0
    for n in range(count):
        time_s = n / SCENE_FPS
        mood = mood_at(lines, wearer, time_s)
        phase += mood.restless / SCENE_FPS
        sway = 22 * math.sin(phase * 0.9) + 6 * math.sin(phase * 2.3)
        bob = 5 * math.sin(phase * 1.7)
        image = Image.new("RGB", SCENE_SIZE)
        drawn(ImageDraw.Draw(image), sway, bob, time_s)
        yield _frame(ImageEnhance.Brightness(image).enhance(mood.light))


def eyes(lines: Sequence[Line], wearer: str, count: int, *, seed: int) -> Iterator[av.VideoFrame]:
    """Pictures of both eyes side by side as an infrared camera sees them; lids, gaze and blinks follow the mood."""
    chance = random.Random(seed)
    blink_until, gaze_x, gaze_y, target_x = -1.0, 0.0, 0.0, 0.0
    for n in range(count):
        time_s = n / EYE_FPS
        mood = mood_at(lines, wearer, time_s)
        if time_s > blink_until and chance.random() < mood.blinks_hz / EYE_FPS:
            blink_until = time_s + BLINK_S
        if chance.random() < 0.12 * mood.restless:
            target_x = chance.uniform(-1, 1)
        gaze_x += (target_x - gaze_x) * 0.6
        gaze_y += (mood.gaze_down - gaze_y) * 0.3
        lid = 0.06 if time_s < blink_until else mood.lid
        image = Image.new("L", EYE_SIZE, 128)
        for left in (0, EYE_SIZE[0] // 2):
            _eye(image, left, gaze_x, gaze_y, lid)
        yield _frame(image.convert("RGB"))


def _eye(image: Image.Image, left: int, gaze_x: float, gaze_y: float, lid: float) -> None:
    canvas = ImageDraw.Draw(image)
    x, y, width, height = left + 160, 125, 108, 58
    canvas.ellipse((left + 10, 10, left + 310, 230), fill=150)
    canvas.arc((x - width - 12, y - height - 30, x + width + 12, y + height + 20), 195, 345, fill=110, width=5)
    canvas.ellipse((x - width, y - height, x + width, y + height), fill=205)
    cx, cy = x + gaze_x * 42, y + gaze_y * 24
    canvas.ellipse((cx - 40, cy - 40, cx + 40, cy + 40), fill=105)
    canvas.ellipse((cx - 17, cy - 17, cx + 17, cy + 17), fill=12)
    canvas.ellipse((cx + 8, cy - 14, cx + 14, cy - 8), fill=250)
    upper = y - height + 2 * height * (1 - min(lid, 1.0)) * 0.8
    canvas.rectangle((x - width - 2, y - height - 6 - 10 * max(0.0, lid - 1), x + width + 2, upper), fill=150)
    canvas.line((x - width, upper, x + width, upper), fill=70, width=4)
    lower = y + height - 2 * height * (1 - min(lid, 1.0)) * 0.2
    canvas.rectangle((x - width - 2, lower, x + width + 2, y + height + 6), fill=150)


def _frame(image: Image.Image) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24").reformat(format="yuv420p")


def _kitchen(canvas: ImageDraw.ImageDraw, sway: float, bob: float, time_s: float) -> None:
    _room(canvas, sway, bob, wall=(206, 196, 170), floor=(122, 92, 66))
    _box(canvas, 40 + sway, 30 + bob, 110, 80, (150, 205, 240))
    for n in range(4):
        _box(canvas, 190 + 42 * n + sway, 24 + bob, 38, 66, (160, 120, 84))
    _box(canvas, -60 + sway * 1.6, 190 + bob * 1.4, 520, 26, (176, 140, 100))
    cup = 150 + sway * 1.6
    canvas.ellipse((cup + 30, 152 + bob, cup + 62, 182 + bob), outline=(40, 80, 170), width=6)
    _box(canvas, cup, 146 + bob * 1.4, 40, 46, (60, 110, 210))
    for n in range(3):  # steam
        x = cup + 8 + 11 * n + 4 * math.sin(time_s * 3 + n)
        canvas.line((x, 140 + bob, x + 4, 116 + bob), fill=(236, 236, 232), width=3)
    _hands(canvas, time_s)


def _living_room(canvas: ImageDraw.ImageDraw, sway: float, bob: float, time_s: float) -> None:
    _room(canvas, sway, bob, wall=(178, 190, 200), floor=(104, 84, 84))
    _box(canvas, 250 + sway, 20 + bob, 74, 150, (120, 78, 50))
    canvas.ellipse((310 + sway, 96 + bob, 318 + sway, 104 + bob), fill=(230, 200, 90))
    _box(canvas, 20 + sway, 110 + bob, 180, 66, (150, 60, 64))
    _box(canvas, 20 + sway, 84 + bob, 180, 34, (170, 74, 78))
    swing = 10 * math.sin(time_s * 2)
    canvas.ellipse((92 + sway, 18 + bob, 136 + sway, 62 + bob), fill=(240, 236, 220))
    canvas.line((114 + sway, 40 + bob, 114 + sway + swing, 56 + bob), fill=(30, 30, 30), width=3)
    _box(canvas, 90 + sway * 1.6, 206 + bob * 1.4, 200, 18, (196, 160, 116))
    canvas.ellipse((160 + sway * 1.6, 178 + bob * 1.4, 226 + sway * 1.6, 210 + bob * 1.4), fill=(250, 226, 226))
    _hands(canvas, time_s)


def _street(canvas: ImageDraw.ImageDraw, sway: float, bob: float, time_s: float) -> None:
    _box(canvas, 0, 0, 384, 180, (120, 130, 176))
    for n in range(9):
        x = (n * 70 - time_s * 14) % 630 - 100 + sway
        high = 70 + (n * 37) % 60
        _box(canvas, x, 160 - high + bob, 62, high, (92 + n * 8 % 40, 84, 90))
        for k in range(3):
            _box(canvas, x + 8 + 18 * k, 172 - high + bob, 10, 14, (244, 214, 120))
    _box(canvas, 0, 160 + bob, 384, 60, (72, 74, 78))
    for n in range(3):
        x = (time_s * (90 + 30 * n) + n * 230) % 640 - 120
        _box(canvas, x + sway, 168 + 14 * n + bob, 74, 22, ((200, 60, 60), (70, 150, 90), (230, 190, 70))[n])
        for k in (12, 52):
            canvas.ellipse((x + k + sway, 184 + 14 * n + bob, x + k + 14 + sway, 198 + 14 * n + bob), fill=(20, 20, 24))
    _box(canvas, 0, 220 + bob, 384, 80, (150, 148, 142))
    _hands(canvas, time_s)


SCENES: dict[str, Callable[[ImageDraw.ImageDraw, float, float, float], None]] = {
    "kitchen": _kitchen,
    "living_room": _living_room,
    "street": _street,
}


def _room(canvas: ImageDraw.ImageDraw, sway: float, bob: float, *, wall: Colour, floor: Colour) -> None:
    _box(canvas, 0, 0, 384, 176 + bob, wall)
    _box(canvas, 0, 176 + bob, 384, 120, floor)
    for n in range(9):
        x = n * 70 - 100 + sway
        canvas.line((x, 176 + bob, x + (x - 192) * 0.9, 288), fill=tuple(c - 14 for c in floor), width=2)


def _hands(canvas: ImageDraw.ImageDraw, time_s: float) -> None:
    for side, x in ((-1, 96), (1, 288)):
        lift = 14 * math.sin(time_s * 1.3 + side)
        canvas.ellipse((x - 30, 246 - lift, x + 30, 330 - lift), fill=(214, 170, 140))


def _box(canvas: ImageDraw.ImageDraw, x: float, y: float, width: float, height: float, colour: Colour) -> None:
    canvas.rectangle((x, y, x + width, y + height), fill=colour)
