"""Addresses of streams inside VRS files."""

from __future__ import annotations

import pytest

from osmo.tasks.streams import NoStreamError, split_stream, with_stream


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("a/recording.vrs#214-1", ("a/recording.vrs", "214-1")),
        ("s3://b/a.VRS#1201-12", ("s3://b/a.VRS", "1201-12")),
        ("file:///a%20b/c.vrs#231-1", ("file:///a%20b/c.vrs", "231-1")),
        ("a.vrs#1.vrs#211-1", ("a.vrs#1.vrs", "211-1")),
        ("a/recording.vrs", ("a/recording.vrs", None)),
        ("a/take#3-1", ("a/take#3-1", None)),
        ("a/take#3.mp4", ("a/take#3.mp4", None)),
        ("a.vrs#214-1 ", ("a.vrs#214-1 ", None)),
        ("a.vrs#214-１", ("a.vrs#214-１", None)),
        ("a.vrs#", ("a.vrs#", None)),
        ("#214-1", ("#214-1", None)),
        ("a.vrs#214-1/b", ("a.vrs#214-1/b", None)),
    ],
)
def test_only_digits_behind_a_vrs_file_name_a_stream(uri: str, expected: tuple[str, str | None]) -> None:
    assert split_stream(uri) == expected


def test_an_address_splits_into_what_it_was_made_of() -> None:
    assert split_stream(with_stream("a b/r.vrs", "214-1")) == ("a b/r.vrs", "214-1")


@pytest.mark.parametrize(("uri", "stream"), [("a.mp4", "214-1"), ("a.vrs", "rgb"), ("a.vrs", "")])
def test_what_is_no_stream_gets_no_address(uri: str, stream: str) -> None:
    with pytest.raises(NoStreamError, match="names no stream"):
        with_stream(uri, stream)
