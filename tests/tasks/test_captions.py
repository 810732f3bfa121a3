"""Captions: which cue is seen when, and that one picture is drawn once."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from osmo.tasks.captions import captions, draw
from osmo.tasks.fonts import font_for
from osmo.tasks.transcripts import Cue

SIZE = (640, 360)
ENGLISH = Cue(1.0, 3.0, "Mira", "Where is the blue cup?")
OTHER = Cue(2.0, 4.0, "Tom", "I threw it away.")
MANDARIN = Cue(1.0, 3.0, "小雨", "我等了你两个小时，我很生气！")


def drawn(cues: list[Cue], *, fps: int = 2, seconds: int = 5) -> list[av.VideoFrame]:
    return list(captions(cues, fps=Fraction(fps), count=fps * seconds, size=SIZE))


def ink(frame: av.VideoFrame) -> int:
    """Bright pixels of a picture."""
    return int((frame.to_ndarray(format="gray") > 150).sum())


def test_a_cue_is_seen_while_it_is_said() -> None:
    seen = [ink(frame) > 200 for frame in drawn([ENGLISH])]
    assert seen == [False, False, True, True, True, True, False, False, False, False]


def test_a_picture_that_stays_is_drawn_once() -> None:
    assert len({id(frame) for frame in drawn([ENGLISH, OTHER])}) == 4, "none, Mira, both, Tom"


@pytest.mark.parametrize(
    ("cue", "pictures"),
    [(Cue(1.1, 1.2, None, "Hey."), [2]), (Cue(1.3, 1.9, None, "Hey."), [3]), (Cue(1.2, 1.8, None, "Hey."), [2, 3])],
    ids=["shorter than a picture", "mostly in one", "half in each"],
)
def test_no_cue_is_too_short_to_be_seen(cue: Cue, pictures: list[int]) -> None:
    assert [n for n, frame in enumerate(drawn([cue])) if ink(frame) > 50] == pictures


def test_overlapping_cues_are_shown_together() -> None:
    alone, both = drawn([ENGLISH])[4], drawn([ENGLISH, OTHER])[4]
    assert ink(both) > 1.4 * ink(alone)


def test_long_text_stays_inside_the_picture() -> None:
    text = "An unusually long line of dialogue, as only a nervous best man can give it. " * 6
    image = np.asarray(draw([("Ross", text + "x" * 200, (255, 196, 92))], SIZE))
    assert (image[:, -8:] < 60).all()
    assert (image[-2:] < 60).all()


@pytest.mark.skipif(font_for("我", 20) is None, reason="this machine has no font with Chinese characters")
def test_mandarin_is_drawn_with_its_own_characters() -> None:
    one, other = drawn([MANDARIN])[3], drawn([Cue(1.0, 3.0, "小雨", "今天真开心，我好幸福，我爱你们！")])[3]
    assert ink(one) > 1000
    assert np.abs(one.to_ndarray(format="gray").astype(int) - other.to_ndarray(format="gray")).max() > 100


def test_text_that_no_font_can_write_is_replaced_by_a_note() -> None:
    unwritable = drawn([Cue(1.0, 3.0, "Mira", "\U000f0000\U000f0001")])[3]
    assert ink(unwritable) > 1000


def test_no_cues_give_pictures_all_the_same() -> None:
    assert len({id(frame) for frame in drawn([])}) == 1
