"""The view of the vote: what is kept, and why the rest is not."""

import pyarrow as pa
import pytest

from osmo.schemas.tables import CANDIDATES, SEGMENTS, VOTES
from osmo.tasks.candidates import VoteSummary, candidates, vote_summary

VOTERS = ("lexicon", "dialogue", "valence", "prosody")


def segment(segment_id: str | None, *, speaker: str = "wearer", in_media: bool | None = True) -> dict[str, object]:
    return {
        "recording_id": "r", "segment_id": segment_id, "start_s": 1.0, "end_s": 2.0, "speaker": speaker,
        "in_media": in_media,
    }  # fmt: skip


def votes(segment_id: str, *labels: str | None) -> list[dict[str, object]]:
    return [
        {
            "recording_id": "r", "segment_id": segment_id, "annotator": voter, "model_revision": "1", "label": label,
            "abstain_reason": None if label else "no_evidence",
        }
        for voter, label in zip(VOTERS, labels, strict=False)
    ]  # fmt: skip


def view(segments: list[dict[str, object]], ballots: list[dict[str, object]], **options: object) -> pa.Table:
    settings = {"voters": VOTERS, "quorum": 3, **options}
    return candidates(SEGMENTS.rows(segments), VOTES.rows(ballots), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labels", "about", "expected"),
    [
        (("joy", "joy", "joy", "anger"), {}, ("joy", 3, 4, None)),
        (("joy", "joy", "joy", None), {}, ("joy", 3, 3, None)),
        (("joy", "joy", "joy", None), {"speaker": "unknown"}, ("joy", 3, 3, None)),
        (("joy", "joy", "joy", None), {"in_media": None}, ("joy", 3, 3, None)),
        (("joy", "joy", "anger", "anger"), {}, (None, 2, 4, "below_quorum")),
        ((None, None, None, None), {}, (None, 0, 0, "below_quorum")),
        (("neutral",) * 4, {}, ("neutral", 4, 4, "neutral")),
        (("neutral",) * 4, {"speaker": "other"}, ("neutral", 4, 4, "neutral")),
        (("joy",) * 4, {"speaker": "other"}, ("joy", 4, 4, "other_speaker")),
        (("joy",) * 4, {"speaker": "other", "in_media": False}, ("joy", 4, 4, "other_speaker")),
        (("joy",) * 4, {"in_media": False}, ("joy", 4, 4, "outside_media")),
    ],
)
def test_what_is_kept_and_why_not(labels: tuple[str | None, ...], about: dict, expected: tuple) -> None:
    row = view([segment("a", **about)], votes("a", *labels)).to_pylist()[0]
    assert (row["label"], row["votes_for"], row["votes_cast"], row["dropped_reason"]) == expected
    assert row["kept"] == (row["dropped_reason"] is None)
    assert tuple(row[f"label_{voter}"] for voter in VOTERS) == labels


def test_only_segments_with_a_row_of_every_active_voter_count() -> None:
    ballots = [*votes("b", "joy", "joy", "joy", "joy"), *votes("a", "joy", "joy", "joy")]
    segments = [segment("b"), segment("a"), segment(None)]
    assert view(segments, ballots)["segment_id"].to_pylist() == ["b"]
    assert view(segments, ballots, voters=VOTERS[:3])["segment_id"].to_pylist() == ["a", "b"]


@pytest.mark.parametrize(
    ("labels", "min_voters", "expected"),
    [
        (("joy", "joy", "joy"), None, None),
        (("joy", "joy", "joy"), 3, ("joy", 3, 3, None)),
        (("joy", "joy", "anger"), 3, (None, 2, 3, "below_quorum")),
        (("joy", "joy", None), 3, (None, 2, 2, "below_quorum")),
        (("neutral", "neutral", "neutral"), 3, ("neutral", 3, 3, "neutral")),
        (("joy", "joy"), 3, None),
        (("joy", "joy", "joy", "anger"), 3, ("joy", 3, 4, None)),
        (("joy", "joy", "joy", "joy"), 9, ("joy", 4, 4, None)),
    ],
    ids=[
        "waits",
        "three equal",
        "2-1",
        "one abstained",
        "neutral",
        "too few",
        "the fourth came",
        "more than there are",
    ],
)
def test_with_a_voter_away_three_equal_votes_pass(
    labels: tuple[str | None, ...], min_voters: int | None, expected: tuple | None
) -> None:
    rows = view([segment("a")], votes("a", *labels), min_voters=min_voters).to_pylist()
    found = [(row["label"], row["votes_for"], row["votes_cast"], row["dropped_reason"]) for row in rows]
    assert found == ([] if expected is None else [expected])
    assert [row["label_prosody"] for row in rows] == [labels[3] if len(labels) > 3 else None for _ in rows]


def test_summary_adds_up() -> None:
    segments = [segment("a"), segment("b"), segment("c", speaker="other"), segment("d"), segment("e"), segment(None)]
    ballots = [
        *votes("a", *["joy"] * 4), *votes("b", *["neutral"] * 4), *votes("c", *["fear"] * 4), *votes("d", *[None] * 4)
    ]  # fmt: skip
    table = view(segments, ballots)
    summary = vote_summary(SEGMENTS.rows(segments), table)
    assert summary == VoteSummary(
        segments=5, complete=4, kept=1, neutral=1, other_speaker=1, below_quorum=1, outside_media=0
    )


def test_nothing_gives_an_empty_view_of_the_same_columns() -> None:
    table = view([], [])
    assert table.num_rows == 0
    assert table.column_names == [*CANDIDATES.schema.names, *(f"label_{voter}" for voter in VOTERS)]
    CANDIDATES.check(table.select(CANDIDATES.schema.names))
