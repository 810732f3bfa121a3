"""labels.csv: what can be read is used, and each line that cannot is a problem with its number."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from osmo.tasks.human_labels import human_labels
from osmo.tasks.stage import Problem

HEAD = "start_s,end_s,speaker,emotion,sentiment,intensity,cause\n"


def read(
    file: Path, content: str | bytes, subject: str | None = "Ann"
) -> tuple[list[dict[str, object]], list[Problem]]:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    rows = [
        {"recording_id": "r", "subject_id": subject, "labels_uri": str(file)},
        {"recording_id": "without", "subject_id": "Bea", "labels_uri": None},
    ]
    labels, problems = human_labels(pa.Table.from_pylist(rows))
    return list(labels.to_pylist()), problems


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv"


def test_a_line_is_a_label_and_what_is_empty_is_null(file: Path) -> None:
    labels, problems = read(file, HEAD + "1,2.5,Ann,joy,positive,3,the cake\n3,4,Ben,anger,,,\n")
    assert not problems
    said = {"recording_id": "r", "start_s": 1.0, "end_s": 2.5, "speaker": "Ann", "emotion": "joy"}
    assert labels[0] == {**said, "sentiment": "positive", "intensity": 3, "cause": "the cake", "wearer": True}
    other = labels[1]
    assert (other["sentiment"], other["intensity"], other["cause"], other["wearer"]) == (None, None, None, False)


@pytest.mark.parametrize(
    ("subject", "wearer"), [("Ann", True), (" aNN ", True), ("Ben", False), (None, False), ("", False)]
)
def test_the_wearer_is_who_the_recording_says(file: Path, subject: str | None, wearer: bool) -> None:
    labels, _ = read(file, HEAD + "1,2,Ann,joy,,,\n", subject)
    assert [label["wearer"] for label in labels] == [wearer]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("x,2,Ann,joy,,,", "start_s: .*number"),
        ("-1,2,Ann,joy,,,", "start_s: .*greater"),
        ("nan,2,Ann,joy,,,", "start_s: .*finite"),
        ("1,inf,Ann,joy,,,", "end_s: .*finite"),
        ("5,2,Ann,joy,,,", r"ends before it starts: 5\.0 – 2\.0 s"),
        ("1,2,Ann,,,,", "emotion: .*at least 1"),
        ("1,2,Ann,joy,,9,", "intensity: .*less than or equal to 3"),
        ("1", "end_s"),
    ],
)
def test_a_broken_line_is_a_problem_with_its_number_and_the_others_count(file: Path, line: str, says: str) -> None:
    labels, [problem] = read(file, HEAD + f'0,1,Ann,joy,,,"two\nlines"\n{line}\n7,8,Ann,anger,,,\n')
    assert [label["emotion"] for label in labels] == ["joy", "anger"]
    assert problem.where == f"{file}, line 4"
    assert problem.permanent
    assert re.search(says, problem.what)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ((HEAD + "1,2,Ann,气,,,\n").encode("gbk"), "cannot be read: .*utf-8"),
        ("start_s,end_s,text\n1,2,x\n", "the header lacks speaker, emotion"),
        (b"", "the header lacks start_s, end_s, speaker, emotion"),
        (HEAD + f'1,2,Ann,joy,,,"{"x" * 200_000}"\n', "field larger than field limit"),
    ],
    ids=["gbk", "columns", "empty", "endless field"],
)
def test_a_file_that_cannot_be_read_is_one_problem(file: Path, content: str | bytes, says: str) -> None:
    labels, [problem] = read(file, content)
    assert labels == []
    assert says.split(": .*")[0] in problem.what
    assert problem.remedy


def test_a_file_that_is_gone_is_a_problem(file: Path) -> None:
    row = {"recording_id": "r", "subject_id": "Ann", "labels_uri": str(file)}
    labels, [problem] = human_labels(pa.Table.from_pylist([row]))
    assert labels.num_rows == 0
    assert (problem.what, problem.where) == ("labels.csv: it is gone since ingest", str(file))


def test_windows_files_and_further_columns_are_read(file: Path) -> None:
    text = "\ufeff" + HEAD.replace("\n", ",extra\r\n") + "1,2,Ann,joy,,,,more,and more\r\n"
    labels, problems = read(file, text)
    assert (len(labels), problems) == (1, [])
