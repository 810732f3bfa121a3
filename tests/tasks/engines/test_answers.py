"""Tokens of an answer: which part of it counts, and where its words lie."""

from __future__ import annotations

import pytest
from whisper.tokenizer import get_tokenizer

from osmo.tasks.engines.answers import Answer, reached, timed_words
from osmo.tasks.speech import Stretch

TOKENIZER = get_tokenizer(True, num_languages=99, language="en", task="transcribe")
FROM = TOKENIZER.timestamp_begin


def at(seconds: float) -> int:
    return FROM + round(seconds / 0.02)


@pytest.mark.parametrize(
    ("tokens", "length_s", "kept", "rest_s"),
    [
        ([at(0), 7, 8, at(4)], 10.0, 4, None),
        ([at(0), 7, 8], 10.0, 3, None),
        ([7, 8], 10.0, 2, None),
        ([], 10.0, 0, None),
        ([at(0), 7, at(4), at(4), 8, at(9)], 10.0, 6, None),
        ([at(0), 7, at(4), at(4), 8], 10.0, 3, 4.0),
        ([at(0), 7, at(4), at(4)], 10.0, 3, 4.0),
        ([at(0), 7, at(4), at(4), 8], 4.4, 5, None),
        ([at(0), 7, at(0.8), at(0.8), 8], 10.0, 5, None),
        ([at(0), 7, at(29), at(29), 8], 3.0, 5, None),
    ],
    ids=["complete", "no-end", "no-times", "nothing", "two-parts", "unfinished", "cut", "little-left", "no-progress",
         "beyond-the-end"],
)  # fmt: skip
def test_an_unfinished_answer_counts_up_to_where_its_rest_begins(
    tokens: list[int], length_s: float, kept: int, rest_s: float | None
) -> None:
    assert reached(tokens, FROM, length_s) == (tuple(tokens[:kept]), rest_s)


def test_marks_join_their_word_and_times_stay_in_the_stretch() -> None:
    text = TOKENIZER.encode(' Hello there, "friend". 你好。')
    tokens = (at(0), *text, at(2))
    pairs = [(token, token * 10) for token in range(len(text) + 1)]
    words = timed_words(TOKENIZER, Answer(tokens, -0.5, 0.1), pairs, Stretch(100.0, 101.5), language="en", heard_s=1.5)
    assert "".join(word.text for word in words) == ' Hello there, "friend". 你好。'
    assert [word.text for word in words][:2] == [" Hello", " there,"]
    assert (words[0].start_s, words[0].end_s) == pytest.approx((100.0, 100.2))
    assert all(100.0 <= word.start_s < word.end_s <= 101.5 for word in words)
    assert {(word.logprob, word.no_speech, word.language, word.refused) for word in words} == {(-0.5, 0.1, "en", None)}


def test_words_after_the_end_of_the_sound_are_refused() -> None:
    first, second = TOKENIZER.encode(" One"), TOKENIZER.encode(" Two")
    tokens = (at(0), *first, at(1), at(25), *second, at(27))
    pairs = [(token, token) for token in range(len(first) + len(second) + 1)]
    words = timed_words(TOKENIZER, Answer(tokens, -0.5, 0.1), pairs, Stretch(0.0, 2.0), language="en", heard_s=2.0)
    assert [(word.text, word.refused) for word in words] == [
        (" One", None), (" Two", "invented: placed 25.0 s into a sound of 2.0 s"),
    ]  # fmt: skip


def test_a_path_that_skips_tokens_gives_them_the_time_where_it_is() -> None:
    text = TOKENIZER.encode(" a b c")
    words = timed_words(
        TOKENIZER, Answer(tuple(text), -0.5, 0.1), [(0, -1), (2, 30)], Stretch(0.0, 2.0), language="en", heard_s=2.0
    )
    assert [(word.text, round(word.start_s, 2)) for word in words] == [(" a", 0.0), (" b", 0.0), (" c", 0.6)]
