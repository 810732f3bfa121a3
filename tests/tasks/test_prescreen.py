"""The prescreen stage: what a voter is asked, again when what it sees changed, and what becomes of its answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest

from osmo.annotators.answer import Unanswered
from osmo.annotators.voter import Ballot, Sees, Turn, Utterance
from osmo.schemas.tables import MEDIA, PROBLEMS, SEGMENTS, VOTES
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.engine import run_bucket, todo
from osmo.tasks.prescreen import BallotCountError, PrescreenStage, dialogues


@dataclass
class Parrot:
    """A voter whose answer is the utterance's text; it abstains on silence."""

    name: str = "parrot"
    revision: str = "1"
    prompt_sha: str | None = None
    sees: Sees = "text"
    reachable: bool = True
    gone: bool = False
    asked: list[Utterance] = field(default_factory=list)

    def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot] | list[Unanswered]:
        if not self.reachable:
            return [Unanswered("connection refused", "http://127.0.0.1:9", gone=self.gone) for _ in utterances]
        self.asked.extend(utterances)
        return [
            Ballot(u.text, None, u.text, "exact", 0.5) if u.text else Ballot(None, "no_evidence", "", None)
            for u in utterances
        ]


def segments(*rows: tuple[str, str, float, str, str | None]) -> pa.Table:
    return SEGMENTS.rows(
        {
            "recording_id": recording_id, "segment_id": segment_id, "start_s": start_s, "end_s": start_s + 1,
            "text": text, "speaker": "wearer", "text_key": f"text-of-{segment_id}", "dialogue_key": f"d-{segment_id}",
            "audio_key": audio_key,
        }
        for recording_id, segment_id, start_s, text, audio_key in rows
    )  # fmt: skip


ROWS = segments(("r", "c", 0.0, "joy", "a-c"), ("r", "a", 2.0, "fear", None), ("q", "b", 1.0, "", "a-b"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"), buckets=1)


def silence(store: Store) -> Media:
    return Media(MediaCache(store.objects), MEDIA.empty())


@pytest.mark.parametrize(
    ("sees", "keys"),
    [
        ("text", ["text-of-c", "text-of-a", "text-of-b"]),
        ("dialogue", ["d-c", "d-a", "d-b"]),
        ("audio", ["a-c", "no-audioa", "a-b"]),
    ],
)
def test_the_key_is_of_what_the_voter_sees(sees: Sees, keys: list[str]) -> None:
    needed = PrescreenStage(Parrot(sees=sees), segments=lambda _: ROWS).needs(0)
    assert needed["input_key"].to_pylist() == keys


def test_recordings_without_segments_ask_for_nothing() -> None:
    empty = SEGMENTS.rows([{"recording_id": "r", "empty_reason": "no_speech"}])
    assert PrescreenStage(Parrot(), segments=lambda _: empty).needs(0).num_rows == 0
    assert PrescreenStage(Parrot(), segments=lambda _: SEGMENTS.empty()).needs(0).num_rows == 0


def test_answers_are_rows_sorted_by_segment(store: Store) -> None:
    stage = PrescreenStage(Parrot(), segments=lambda _: ROWS)
    report = run_bucket(store, stage, 0, silence(store))
    assert (report.rows_in, report.rows_out, report.abstained) == (3, 3, 1)
    rows = store.read(VOTES)
    names = ["segment_id", "recording_id", "annotator", "label", "abstain_reason", "confidence", "input_key"]
    assert [tuple(row.values()) for row in rows.select(names).to_pylist()] == [
        ("a", "r", "parrot", "fear", None, 0.5, "text-of-a"),
        ("b", "q", "parrot", None, "no_evidence", None, "text-of-b"),
        ("c", "r", "parrot", "joy", None, 0.5, "text-of-c"),
    ]
    assert min(rows["latency_ms"].to_pylist()) >= 0
    assert todo(store, stage, 0).rows.num_rows == 0


def test_a_changed_voter_is_asked_again_and_the_same_is_not(store: Store) -> None:
    run_bucket(store, PrescreenStage(Parrot(), segments=lambda _: ROWS), 0, silence(store))
    same = Parrot()
    run_bucket(store, PrescreenStage(same, segments=lambda _: ROWS), 0, silence(store))
    assert same.asked == []
    for changed in (Parrot(revision="2"), Parrot(prompt_sha="p"), Parrot(name="other")):
        run_bucket(store, PrescreenStage(changed, segments=lambda _: ROWS), 0, silence(store))
        assert len(changed.asked) == 3


def test_dialogue_reaches_only_who_sees_it(store: Store) -> None:
    talk = segments(*[("r", f"s{i}", float(i), f"line {i}", None) for i in range(8)], ("q", "z", 0.0, "alone", None))
    seeing, other = Parrot(sees="dialogue"), Parrot(sees="text", name="reader")
    for voter in (seeing, other):
        stage = PrescreenStage(voter, segments=lambda _: talk, dialogue_turns=2, flush_rows=3)
        run_bucket(store, stage, 0, silence(store))
    heard = {u.segment_id: [turn.text for turn in u.dialogue] for u in seeing.asked}
    assert (heard["s0"], heard["s1"], heard["s7"], heard["z"]) == ([], ["line 0"], ["line 5", "line 6"], [])
    assert all(u.dialogue == () for u in other.asked)


def test_turns_stand_in_order_of_time_whoever_speaks() -> None:
    talk = segments(("r", "b", 5.0, "second", None), ("r", "a", 1.0, "first", None), ("r", "c", 9.0, "third", None))
    assert dialogues(talk, turns=5)["c"] == (Turn("wearer", "first"), Turn("wearer", "second"))
    assert dialogues(talk, turns=0)["c"] == ()


def test_a_voter_that_cannot_be_reached_leaves_segments_open(store: Store) -> None:
    voter = Parrot(reachable=False)
    stage = PrescreenStage(voter, segments=lambda _: ROWS)
    report = run_bucket(store, stage, 0, silence(store))
    assert (report.rows_out, report.failed, report.quarantined) == (0, 3, 0)
    problem = store.read(PROBLEMS).to_pylist()[0]
    assert (problem["status"], problem["stage"]) == ("failed", "prescreen:parrot")
    assert "connection refused" in problem["what"]
    assert report.paused is None, "what cannot answer one may answer the next"
    voter.reachable = True
    assert run_bucket(store, stage, 0, silence(store)).rows_out == 3


def test_a_voter_whose_server_is_gone_pauses(store: Store) -> None:
    stage = PrescreenStage(Parrot(reachable=False, gone=True), segments=lambda _: ROWS, flush_rows=1)
    report = run_bucket(store, stage, 0, silence(store))
    assert report.paused == "parrot at http://127.0.0.1:9: connection refused"
    assert {row["key"] for row in store.read(PROBLEMS).to_pylist()} == set(stage.needs(0)["input_key"].to_pylist())


def test_the_key_of_who_sees_the_film_changes_with_words_sound_and_picture() -> None:
    def keys(segments: pa.Table = ROWS, sees: Sees = "film", **proxy: object) -> list[str]:
        row = {
            "recording_id": "r", "kind": "proxy", "source_sha256": "o", "uri": "u", "sha256": "s", "bytes": 1,
            "start_s": 0.0, "duration_s": 9.0, "silent": False, "captioned": False, "encoder": "e", **proxy,
        }  # fmt: skip
        media = MEDIA.rows([row])
        stage = PrescreenStage(Parrot(sees=sees), segments=lambda _: segments, media_rows=lambda _: media)
        return list(map(str, stage.needs(0)["input_key"].to_pylist()))

    plain = keys()
    assert plain == keys()
    assert [a == b for a, b in zip(plain, keys(sha256="other"), strict=True)] == [False, False, True], "q has no film"
    assert keys(captioned=True) == keys(captioned=True, sha256="other"), "captions are no picture"
    other_sound = segments(("r", "c", 0.0, "joy", "x-c"), ("r", "a", 2.0, "fear", None), ("q", "b", 1.0, "", "a-b"))
    assert [a == b for a, b in zip(plain, keys(other_sound), strict=True)] == [False, True, True]
    assert len({*plain, *keys(sees="speech")}) == 6
    assert keys(sees="speech") == keys(sees="speech", sha256="other")


def test_too_few_ballots_are_refused(store: Store) -> None:
    class Lazy(Parrot):
        def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot]:
            return super().vote(utterances, media)[1:]

    stage = PrescreenStage(Lazy(), segments=lambda _: ROWS)
    with pytest.raises(BallotCountError, match="2 ballots for 3"):
        stage.compute(stage.needs(0), silence(store))
