"""How much there is to ask about, against sums by hand."""

from __future__ import annotations

import pyarrow as pa
import pytest

from osmo.schemas.tables import MEDIA
from osmo.tasks.coefficients import Coefficient, Coefficients
from osmo.tasks.workload import Recorded, Work, one_call, work_of


def number(value: float) -> Coefficient:
    return Coefficient(value=value, how="assumed", source="a test")


def asked(**given: object) -> Coefficients:
    base: dict[str, object] = {"prompt_tokens": number(10), "tokens_out": number(2), "gpu_s": number(1)}
    return Coefficients.model_validate(base | given)


def media(*rows: tuple[str, str, bool, bool]) -> pa.Table:
    return MEDIA.rows(
        {
            "recording_id": recording, "kind": kind, "silent": silent, "captioned": captioned, "source_sha256": "0",
            "uri": "u", "sha256": "0", "bytes": 1, "start_s": 0.0, "duration_s": 9.0, "encoder": "e",
        }
        for recording, kind, silent, captioned in rows
    )  # fmt: skip


RECORDED = Recorded.of(
    media(
        ("both", "audio", False, False), ("both", "proxy", False, False),
        ("heard", "audio", False, False), ("heard", "proxy", False, True),
        ("mute", "audio", True, False), ("mute", "proxy", True, True),
    )
)  # fmt: skip

ROWS = pa.table(
    {
        "recording_id": ["both", "heard", "mute"],
        "start_s": [0.0, 10.0, 1.0],
        "end_s": [4.0, 50.0, 2.0],
        "text": ["four", "你好", None],
        "language": ["en", "zh", None],
    }
)


@pytest.mark.parametrize(("needs", "calls"), [("nothing", 3), ("audio", 2), ("video", 1), ("any", 2)])
def test_only_what_has_the_media_is_asked_about(needs: str, calls: int) -> None:
    assert work_of(ROWS, asked(needs=needs), RECORDED).calls == calls


def test_sound_is_cut_at_the_longest_and_pictures_at_the_most() -> None:
    one = asked(longest_audio_s=number(30), frames_per_s=number(2), frames_most=number(8))
    work = work_of(ROWS, one, RECORDED)
    assert work.audio_s == 4 + 30
    assert work.frames == 8  # (4 + 0.5) × 2 = 9 are too many
    assert (work.chars_en, work.chars_zh) == (4, 2)


def test_rows_without_times_and_texts_are_calls() -> None:
    rows = pa.table({"recording_id": ["both", "gone"], "input_key": ["a", "b"]})
    assert work_of(rows, asked(), RECORDED) == Work(calls=2)


def test_no_rows_are_no_work() -> None:
    assert work_of(ROWS.slice(0, 0), asked(needs="audio"), RECORDED) == Work()


def test_more_of_the_same_is_foretold_by_the_mean() -> None:
    known = Work(calls=4, audio_s=20, chars_en=100)
    assert known.of_calls(2, Work(calls=1)) == Work(calls=2, audio_s=10, chars_en=50)
    assert Work().of_calls(3, Work(calls=1, frames=8)) == Work(calls=3, frames=24)
    assert one_call(asked(longest_audio_s=number(2)), duration_s=4.0, chars=7.0) == Work(calls=1, audio_s=2, chars_en=7)
