"""Sentences from timed words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmo.tasks.sentences import Word, sentences, spread


def timed(*texts: str, gap_s: float = 0.0) -> list[Word]:
    return [Word(i * (1 + gap_s), i * (1 + gap_s) + 1, text) for i, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("Hi.", " How", " are", " you?", " Fine"), ["Hi.", "How are you?", "Fine"]),
        (("你", "好。", "我", "不", "去！"), ["你好。", "我不去！"]),
        ((" Mr.", " Green", " left."), ["Mr. Green left."]),
        ((" The", " U.S.", " is", " big."), ["The U.S. is big."]),
        ((' "Go."', " He", " went"), ['"Go."', "He went"]),
        ((" 3.5", " apples"), ["3.5 apples"]),
        ((" Well…", " no"), ["Well…", "no"]),
        ((" ", "  "), []),
        ((), []),
        (("它", "涨", "了", "3.", "5", "倍。", "好"), ["它涨了3.5倍。", "好"]),
        ((" See", " osmo.", "org", " now."), ["See osmo.org now."]),
        ((" It", " was", " 3.", " Then"), ["It was 3.", "Then"]),
        ((" What", "?", "!", " No"), ["What?!", "No"]),
        (("他", "说", "：“", "走", "吧。", "”", "我", "没", "动"), ["他说：“走吧。”", "我没动"]),
        ((" He", " said", ' "', "Go", ".", '"', ' "', "Now", "?", '"'), ['He said "Go."', '"Now?"']),
        (("我", "想", "……", "算", "了"), ["我想……", "算了"]),
        (("真", "的", "吗", "？", "！", "天", "啊", "！"), ["真的吗？！", "天啊！"]),
        (("我", "用", " iPhone", " 15.", "你", "呢", "？"), ["我用 iPhone 15.", "你呢？"]),
        (("（", "笑", "。）", "走"), ["（笑。）", "走"]),
        ((" Wait", "...", " what"), ["Wait...", "what"]),
        (("先", "吃", "饭，", "再", "走；", "好"), ["先吃饭，再走；好"]),
        (("行", "｡", "走"), ["行｡", "走"]),
        ((" at", " 5", " p.m.", " sharp."), ["at 5 p.m. sharp."]),
    ],
    ids=[
        "english",
        "mandarin",
        "title",
        "initials",
        "quoted",
        "number",
        "ellipsis",
        "blank",
        "none",
        "split-number",
        "split-name",
        "number-at-the-end",
        "two-marks",
        "mandarin-quoted",
        "quotes-apart",
        "mandarin-ellipsis",
        "mandarin-two-marks",
        "mixed",
        "brackets",
        "dots",
        "comma-and-semicolon",
        "half-width",
        "hour",
    ],
)
def test_end_marks_end_sentences(words: tuple[str, ...], expected: list[str]) -> None:
    assert [one.text for one in sentences(timed(*words), pause_s=0.8, max_s=30)] == expected


def test_two_languages_and_what_is_quarantined_stand_apart() -> None:
    words = [
        Word(0, 1, " so", language="en"),
        Word(1, 2, " good", language="en"),
        Word(2, 3, "好", language="zh"),
        Word(3, 4, "好", language="zh", refused="loop"),
        Word(4, 5, "好", language="zh", refused="another loop"),
    ]
    found = sentences(words, pause_s=0.8, max_s=30)
    assert [(one.text, one.language, one.refused) for one in found] == [
        ("so good", "en", None), ("好", "zh", None), ("好好", "zh", "loop"),
    ]  # fmt: skip


def test_a_longer_pause_ends_a_sentence() -> None:
    words = [Word(0, 1, "so"), Word(1.8, 2, " I"), Word(2.81, 3, " went")]
    assert [one.text for one in sentences(words, pause_s=0.8, max_s=30)] == ["so I", "went"]


def test_a_long_sentence_is_cut_at_its_longest_pause_of_equal_ones_the_most_central() -> None:
    words = [Word(0, 10, "a"), Word(10.5, 20, " b"), Word(20, 31, " c"), Word(31, 40, " d")]
    assert [one.text for one in sentences(words, pause_s=0.8, max_s=30)] == ["a", "b c d"]
    even = timed(*"abcdefgh")
    assert [one.text for one in sentences(even, pause_s=0.8, max_s=4)] == ["abcd", "efgh"]


def test_one_word_that_is_too_long_is_shortened() -> None:
    (one,) = sentences([Word(5, 99, "aaah")], pause_s=0.8, max_s=30)
    assert (one.start_s, one.end_s) == (5, 35)


def test_confidence_is_the_exponential_of_the_mean_log_probability() -> None:
    (one,) = sentences([Word(0, 1, "a", -1.0, 0.2), Word(1, 2, " b", -3.0, 0.4)], pause_s=1, max_s=30)
    assert one.confidence == pytest.approx(0.1353352832)
    assert one.no_speech == pytest.approx(0.3)


def test_a_text_without_word_times_is_spread_by_length() -> None:
    words = spread(10.0, 20.0, "ab cdefgh 你好")
    assert [(word.text, word.start_s, word.end_s) for word in words] == [
        ("ab", 10.0, 12.0), (" cdefgh", 12.0, 18.0), (" 你", 18.0, 19.0), ("好", 19.0, 20.0),
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.floats(0.01, 50), st.sampled_from(["a", " b.", "你", "好。", " c", '?"', "…"])),
        max_size=60,
    )
)
def test_no_word_is_lost_and_no_sentence_too_long(pieces: list[tuple[float, float, str]]) -> None:
    words, at = [], 0.0
    for gap, length, text in pieces:
        words.append(Word(at + gap, at + gap + length, text))
        at += gap + length
    found = sentences(words, pause_s=0.8, max_s=30)
    assert "".join(word.text for one in found for word in one.words) == "".join(text for _, _, text in pieces)
    assert all(0 < one.end_s - one.start_s <= 30 + 1e-9 for one in found)
    assert [one.start_s for one in found] == sorted(one.start_s for one in found)


@given(st.text(), st.floats(0.5, 500))
def test_spreading_keeps_the_text_and_the_time(text: str, length_s: float) -> None:
    words = spread(1.0, 1.0 + length_s, text)
    assert "".join("".join(word.text for word in words).split()) == "".join(text.split())
    if words:
        assert words[0].start_s == pytest.approx(1.0)
        assert words[-1].end_s == pytest.approx(1.0 + length_s)
