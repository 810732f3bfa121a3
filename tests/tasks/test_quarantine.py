"""What speech models invent is told from what people say, in both languages."""

from __future__ import annotations

import pytest

from osmo.schemas.config import SegmentConfig
from osmo.tasks.engines.engine import Passage
from osmo.tasks.quarantine import after_the_end, checked_sentence, checked_words, compression_ratio
from osmo.tasks.sentences import Word, sentences, spread

SETTINGS = SegmentConfig()


def passage(text: str, *, length_s: float = 10.0, logprob: float = -0.3, no_speech: float = 0.05) -> Passage:
    words = tuple(
        Word(one.start_s, one.end_s, one.text, logprob, no_speech, "en") for one in spread(0.0, length_s, text)
    )
    return Passage(0.0, length_s, words, text, "en", 0.99, logprob, no_speech)


def reasons(heard: Passage) -> list[str]:
    """Reasons of its words, each once, in order."""
    found = [word.refused for word in checked_words(heard, SETTINGS) if word.refused is not None]
    return list(dict.fromkeys(found))


NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SPOKEN = [
    "Ha ha ha ha ha ha ha!",
    "No, no, no, no, no, no, no.",
    "Yeah. Yeah. Yeah. Yeah, yeah, yeah.",
    "Go, go, go, go, go! Come on, come on, come on!",
    "I mean, I mean, I mean it. I really, really, really do.",
    "Row, row, row your boat gently down the stream. Merrily, merrily, merrily, merrily, life is but a dream.",
    "Never gonna give you up, never gonna let you down, never gonna run around and desert you.",
    "One, two, three, four, five, six, seven, eight, nine, ten.",
    "Knock knock knock. Penny. Knock knock knock. Penny. Knock knock knock. Penny.",
    "对对对",
    "对，对，对，对，对，对。",
    "哈哈哈哈哈哈哈哈",
    "好好好好好，我知道了，我知道了。",
    "不是不是不是，你听我说，你听我说嘛。",
    "来来来，坐坐坐，喝茶喝茶喝茶。",
    "啊啊啊啊啊疼疼疼疼",
    "谢谢谢谢，太谢谢了，真的谢谢。",
    "Thank you. Thank you. Thank you so much.",
    "",
]


@pytest.mark.parametrize("text", SPOKEN)
def test_what_people_say_is_left_alone(text: str) -> None:
    assert reasons(passage(text)) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Thank you very much. " * 20, "repetition: the same 4 words 20 times"),
        ("so " * 60, "repetition: the same word 60 times"),
        ("我们一起" * 15, "repetition: the same 4 words 15 times"),
        ("嗯" * 80, "repetition: the same word 80 times"),
        ("I'm going to go to the store and get some. " * 5, "repetition: the same 10 words 5 times"),
        ("的是，的是，的是，的是，的是，的是，的是，的是，", "repetition: the same 2 words 8 times"),
    ],
)
def test_loops_are_refused_with_what_is_repeated_and_how_often(text: str, reason: str) -> None:
    assert reasons(passage(text, length_s=28.0)) == [reason]


def test_of_a_loop_only_its_own_words_are_refused() -> None:
    text = "We went to the market, and then she said. " + "Oh no, " * 12
    words = checked_words(passage(text, length_s=20.0), SETTINGS)
    assert "".join(word.text for word in words if word.refused is None) == "We went to the market, and then she said."
    assert {word.refused for word in words if word.refused} == {"repetition: the same 2 words 12 times"}


def test_a_loop_that_changes_a_little_is_found_by_its_compression() -> None:
    text = " ".join(f"And then I said to him that it was {number}." for number in NUMBERS)
    ratio = compression_ratio(text)
    assert ratio > 3
    assert reasons(passage(text, length_s=28.0)) == [f"loop: compression ratio {ratio:.1f} over 2.4"]


@pytest.mark.parametrize(
    ("no_speech", "logprob", "refused"),
    [(0.91, -1.3, True), (0.91, -0.4, False), (0.3, -1.3, False), (0.6, -1.3, False), (0.61, -1.01, True)],
    ids=["both", "likely-words", "no-silence", "at-the-threshold", "over-both"],
)
def test_silence_needs_both_probabilities_as_whisper_has_it(no_speech: float, logprob: float, refused: bool) -> None:
    found = reasons(passage("Okay, so.", no_speech=no_speech, logprob=logprob))
    said = f"silence: no-speech probability {no_speech:.2f} over 0.6 with mean log-probability {logprob:.1f}"
    assert found == ([said] if refused else [])


@pytest.mark.parametrize(
    ("text", "length_s", "reason"),
    [
        ("It was the best of times, it was the worst of times, it was the age of wisdom", 2.0,
         "invented: 30 characters a second over 25"),
        ("I am at a do so be it if we go up to my in", 1.2, "invented: 12 words a second over 10"),
        ("广州市房地产中介协会分析报告显示今年", 1.0, "invented: 18 words a second over 10"),
        ("广州市房地产中介协会分析", 1.4, None),
        ("It was the best of times, it was the worst of times", 2.5, None),
        ("Hi there.", 0.2, None),
    ],
    ids=["characters", "words", "mandarin", "fast-mandarin", "fast-english", "too-short-to-tell"],
)  # fmt: skip
def test_nobody_speaks_faster(text: str, length_s: float, reason: str | None) -> None:
    assert reasons(passage(text, length_s=length_s)) == ([] if reason is None else [reason])


@pytest.mark.parametrize(
    ("text", "no_speech", "refused"),
    [
        ("Thanks for watching!", 0.45, True),
        ("Thanks for watching!", 0.1, False),
        ("Thanks for watching the dog.", 0.45, True),
        ("Thanks. For watching the dog.", 0.45, False),
        ("字幕由 Amara.org 社区提供", 0.45, True),
        ("字幕由 Amara.org 社区提供", 0.05, False),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", 0.5, True),
        ("請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目", 0.5, True),
        ("谢谢观看", 0.4, True),
        ("谢谢你来看我", 0.55, False),
        ("Subtitles by the Amara.org community", 0.55, True),
        ("I turned the subtitles on.", 0.55, False),
    ],
)
def test_a_known_invention_is_refused_where_evidence_of_speech_is_weak(
    text: str, no_speech: float, refused: bool
) -> None:
    found = sentences(checked_words(passage(text, no_speech=no_speech), SETTINGS), pause_s=0.8, max_s=30)
    verdicts = [checked_sentence(one, SETTINGS) for one in found]
    if not refused:
        assert verdicts == [None] * len(found)
    else:
        said = f"invented: a phrase models are known to invent, at no-speech probability {no_speech:.2f}"
        assert verdicts == [said]


def test_a_sentence_is_refused_as_its_words_are() -> None:
    (one,) = sentences([Word(0, 1, "so", -1.0, 0.1, "en", "loop: x")], pause_s=1, max_s=30)
    assert checked_sentence(one, SETTINGS) == "loop: x"


@pytest.mark.parametrize(("since_s", "refused"), [(3.2, False), (3.6, False), (3.7, True), (29.0, True)])
def test_words_after_the_end_of_the_sound_were_invented(since_s: float, refused: bool) -> None:
    reason = after_the_end(since_s, 3.2)
    assert reason == (f"invented: placed {since_s:.1f} s into a sound of 3.2 s" if refused else None)


def test_a_word_keeps_the_first_reason() -> None:
    heard = passage("so " * 60)
    first = Passage(0, 10, (Word(0, 1, " so", refused="invented: x"), *heard.words[1:]), "", "en", None, -0.3, 0.0)
    assert checked_words(first, SETTINGS)[0].refused == "invented: x"
