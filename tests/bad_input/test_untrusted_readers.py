"""What people hand in is read, or refused with the reader's own error; whatever the bytes, nothing else happens."""

from __future__ import annotations

import json
import math
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from unicodedata import category

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osmo.schemas.recording_json import RecordingJson, RecordingJsonError, parse_recording_json
from osmo.tasks.human_labels import human_labels
from osmo.tasks.transcripts import FORMATS, TranscriptEncodingError, TranscriptFormatError, read_transcript

quick = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
facts = st.dictionaries(st.sampled_from([*RecordingJson.model_fields, "other"]), json_values, max_size=6)
cells = st.text(max_size=12) | st.floats().map(str) | st.sampled_from(["", "0", "1.5", "-1", "nan", "1e999", '"', "\0"])
lines = st.lists(st.lists(cells, max_size=6).map(",".join), max_size=6).map("\n".join)
clocks = st.from_regex(r"-?[0-9]{1,3}(:[0-9]{1,3}){0,2}([.,][0-9]{0,4})?", fullmatch=True)
timings = st.tuples(clocks, st.sampled_from([" --> ", "-->", " -> "]), clocks, st.text(max_size=20)).map(
    lambda parts: f"{parts[0]}{parts[1]}{parts[2]}\n{parts[3]}\n"
)
blocks = st.lists(timings | st.text(max_size=20), max_size=5).map("\n".join)


def read_or_refuse_facts(data: bytes) -> None:
    try:
        said = parse_recording_json(data)
    except RecordingJsonError as error:
        assert "\n" not in str(error)
        return
    assert said.duration_s is None or 0 < said.duration_s < math.inf
    assert not any(sign in "/\\" or category(sign) in ("Cc", "Zl", "Zp") for sign in said.recording_id or "")
    json.dumps(said.extra)


@quick
@given(facts)
def test_any_object_is_facts_or_refused(value: dict[str, Any]) -> None:
    read_or_refuse_facts(json.dumps(value).encode())


@quick
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_facts_or_refused(data: bytes) -> None:
    read_or_refuse_facts(data)


@quick
@given(
    st.one_of(
        st.binary(max_size=300),
        lines.map(lambda text: f"start_s,end_s,speaker,text\n{text}".encode()),
        blocks.map(str.encode),
        blocks.map(lambda text: f"WEBVTT\n\n{text}".encode()),
    ),
    st.sampled_from(FORMATS),
)
def test_any_bytes_are_a_transcript_or_refused(data: bytes, suffix: str) -> None:
    with suppress(TranscriptEncodingError, TranscriptFormatError):
        found = read_transcript(data, suffix)
        for cue in found.cues:
            assert 0 <= cue.start_s < cue.end_s < math.inf
            assert cue.text
            assert not any(sign in cue.text for sign in "\n\r\0")
        assert all(one.line >= 1 and one.reason for one in found.rejected)


@quick
@given(st.lists(cells, min_size=5, max_size=5))
def test_no_line_of_a_csv_is_lost(row: list[str]) -> None:
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in row[:4])
    found = read_transcript(f"start_s,end_s,speaker,text\n{quoted}\n1,2,Ann,kept\n".encode(), "csv")
    assert len(found.cues) + len(found.rejected) == 2
    assert found.cues[-1].text == "kept"


@quick
@given(
    st.binary(max_size=200)
    | lines.map(lambda text: f"start_s,end_s,speaker,emotion,sentiment,intensity,cause\n{text}".encode())
)
def test_any_bytes_are_labels_or_problems(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "labels.csv")
        file.write_bytes(data)
        row = {"recording_id": "r", "subject_id": "Ann", "labels_uri": str(file)}
        labels, problems = human_labels(pa.Table.from_pylist([row]))
    for label in labels.to_pylist():
        assert 0 <= label["start_s"] <= label["end_s"] < math.inf
        assert label["emotion"]
    assert all(problem.what and problem.remedy for problem in problems)


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b'{"a":' * 50_000, b'"' + b"x" * 2_000_000, b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"",
     b'{"duration_s": 1' + b"0" * 5000 + b"}", b'{"started_at": "9999999-99-99"}', b'{"metadata": {"\\ud800": 1}}'],
    ids=["deep list", "deep object", "too large", "utf-16", "byte order mark", "empty", "huge", "no date", "half pair"],
)  # fmt: skip
def test_hard_facts(data: bytes) -> None:
    read_or_refuse_facts(data)
