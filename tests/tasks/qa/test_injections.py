"""Injections reach no instruction, move no rule, and move the rubric no further than any other words do."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from osmo.annotators import registry
from osmo.annotators.answer import Unanswered
from osmo.annotators.judge import Statement, Verdict
from osmo.annotators.llm.judge_question import nonce_of, question
from osmo.schemas.config import QualityConfig
from osmo.schemas.tables import MEDIA, RECORDINGS, REVIEWS, SEGMENTS
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.acceptance import with_errors
from osmo.tasks.events import events
from osmo.tasks.qa.findings import findings
from osmo.tasks.qa.injections import cases, injected, outcomes, pass_rate, suite, try_injections
from osmo.tasks.qa.verdicts import JudgeStage

SETTINGS = QualityConfig()
CASES = {f"{one[0].name}, {one[1]}, {one[2].name}": one for one in cases()}
DATA = re.compile(r"<data-([0-9a-f]{16})>(.*?)</data-\1>", re.DOTALL)
STRING = re.compile(r'(".*")(?: \(cut: \d+ of \d+ characters\))?')
TOKEN = re.compile(r"<\||<｜|\|>|｜>|\[/?INST|<</?SYS|</?s>|_of_turn>|＜|＞")

Build = Callable[..., pa.Table]


class Says:
    """A judge that gives every annotation one score."""

    name = "says"
    revision = "1"
    prompt_sha: str | None = None

    def __init__(self, score: int | None) -> None:
        self.score = score
        self.seen: list[Statement] = []

    def judge(self, statements: Sequence[Statement]) -> list[Verdict | Unanswered]:
        self.seen.extend(statements)
        return [Verdict(self.score, None if self.score else "no opinion", "so it is", None) for _ in statements]


def instructions(statement: Statement) -> str:
    """The question without its data, the code of its marks taken out."""
    asked = question(statement)
    return f"{asked.system}\n{DATA.sub('DATA', asked.text).replace(nonce_of(statement), 'CODE')}"


def test_the_suite_is_large_and_of_both_languages_and_every_place_and_kind() -> None:
    injections = suite().injection
    assert len(injections) >= 60
    assert len({one.name for one in injections}) == len(injections)
    languages = Counter(one.language for one in injections)
    assert min(languages["en"], languages["zh"]) >= 20
    assert {place for one in injections for place in one.places} == {
        "cause", "own_words", "dialogue", "language", "speaker",
    }  # fmt: skip
    assert len({one.kind for one in injections}) == 10


# The prompt


def test_the_instructions_are_those_of_harmless_words_byte_by_byte() -> None:
    changed = [
        name
        for name, (_, place, poor, statement) in CASES.items()
        if instructions(statement) != instructions(injected(poor.statement(), place, suite().filler[poor.language]))
    ]
    assert changed == []


def test_the_words_stand_between_the_marks_escaped_or_nowhere() -> None:
    for name, (injection, place, poor, statement) in CASES.items():
        text = question(statement).text
        words = injection.words(nonce_of(poor.statement()))
        stated = f"{poor.cause} {words}" if place == "cause" else words
        read = [json.loads(found[1]) for _, inside in DATA.findall(text) if (found := STRING.fullmatch(inside))]
        shown = [one for one in read if stated.startswith(one) and one != poor.cause]
        assert bool(shown) == (place != "speaker"), name
        assert not TOKEN.search(text), name
        assert {char for char in text if not char.isprintable()} <= {"\n"}, name


def test_no_words_hold_the_code_of_the_marks_around_them() -> None:
    for name, (injection, _, poor, statement) in CASES.items():
        nonce = nonce_of(statement)
        assert not [one for _, one in DATA.findall(question(statement).text) if STRING.match(one) and nonce in one], (
            name
        )
        assert nonce not in injection.words(nonce_of(poor.statement())), name


# The rules


@pytest.fixture
def media(tmp_path: object) -> Media:
    return Media(MediaCache(Objects(str(tmp_path), create=True)), MEDIA.empty())


@pytest.fixture
def run(annotations: Build, clips: Build, media: Media) -> Callable[..., tuple[pa.Table, pa.Table, pa.Table]]:
    """Annotations, verdicts and events of some regions under a judge, each region its own annotator's and clip's."""

    def build(
        judge: Says, *regions: dict[str, object], said: str = "hm", recording: str = "r1"
    ) -> tuple[pa.Table, ...]:
        rows: list[dict[str, object]] = []
        for place, region in enumerate(regions):
            whose = {"annotator_id": f"p{place}", "clip_id": f"c{place}", "recording_id": recording}
            rows += [{"region_id": None, **whose}, {**whose, "emotions": ["anger/anger"], **region}]
        stated = annotations(*rows)
        windows = clips(*((f"c{place}", 30.0 * place, 30.0 * place + 30) for place in range(len(regions))))
        windows = windows.set_column(
            windows.column_names.index("recording_id"), "recording_id", pa.array([recording] * len(regions))
        )
        found = findings(stated, windows, SETTINGS)
        spoken = SEGMENTS.rows(
            {
                "recording_id": recording, "segment_id": str(place), "start_s": 30.0 * place,
                "end_s": 30.0 * place + 30, "text": said, "speaker": "wearer", "language": "en",
            }
            for place in range(len(regions))
        )  # fmt: skip
        stage = JudgeStage(
            judge,
            annotations=lambda _: stated,
            findings=lambda _: found,
            clips=lambda _: windows,
            segments=lambda _: spoken,
        )
        verdicts = stage.compute(stage.needs(0), media).rows
        owner = {
            "recording_id": recording, "dataset": "d", "subject_id": "s", "language": "en", "duration_s": 600.0,
            "started_at": datetime(2026, 11, 1, tzinfo=UTC), "time_domain": "utc", "synthetic": False,
            "metadata": "{}", "source": "folder", "source_uri": "/", "recording_key": "k",
        }  # fmt: skip
        made = events(stated, found, verdicts, REVIEWS.empty(), windows, RECORDINGS.rows([owner]), settings=SETTINGS)
        return stated.filter(pa.array(~with_errors(stated, found))), verdicts, made

    return build


GOOD: dict[str, object] = {"region_id": "good"}
REFUSED: dict[str, dict[str, object]] = {
    "too short": {"region_id": "short", "start_s": 10.0, "end_s": 10.5},
    "no emotion": {"region_id": "none", "emotions": [], "own_words": []},
    "no cause": {"region_id": "causeless", "cause": "", "cause_reason": "missing"},
    "contradiction": {"region_id": "against", "polarity": "positive"},
}  # fmt: skip


def test_a_judge_that_gives_ten_makes_no_event_of_what_the_rules_refuse(
    run: Callable[..., tuple[pa.Table, ...]],
) -> None:
    judge = Says(10)
    _, verdicts, made = run(judge, GOOD, *REFUSED.values())
    assert verdicts["region_id"].to_pylist() == ["good"]
    assert len(judge.seen) == 1
    assert made["clip_id"].to_pylist() == ["c0"]


def test_an_injection_changes_nothing_of_what_the_rules_refuse(run: Callable[..., tuple[pa.Table, ...]]) -> None:
    for injection in suite().injection:
        words = injection.words("0" * 16)
        spoilt = [
            row if row.get("cause") == "" else {**row, "cause": f"the bus left without her {words}"}
            for row in (GOOD, *REFUSED.values())
        ]
        passed, verdicts, made = run(Says(10), *spoilt, said=words)
        assert [row for row in passed["region_id"].to_pylist() if row] == ["good"], injection.name
        assert verdicts["region_id"].to_pylist() == ["good"], injection.name
        assert made["clip_id"].to_pylist() == ["c0"], injection.name


def test_names_of_files_and_people_reach_no_question(run: Callable[..., tuple[pa.Table, ...]]) -> None:
    for injection in suite().injection:
        judge = Says(10)
        words = injection.words("0" * 16)
        run(judge, {"region_id": f"r {words}", "annotation_id": f"a {words}", "annotator_id": words}, recording=words)
        [seen] = judge.seen
        assert words.strip()[:20] not in question(seen).text


# Judges


def test_the_rubric_accepts_nothing_for_an_injection_that_it_refuses_for_any_other_words() -> None:
    trials = try_injections(registry.judge("rubric"), accept_score=SETTINGS.accept_score)
    assert len(trials) == len(CASES)
    assert not [one for one in trials if one.outcome in ("poor_accepted", "unanswered")]
    rose = [one for one in trials if one.outcome == "rose"]
    assert all(one.score_with is not None and one.score_with <= (one.score_filler or 0) for one in rose)
    assert not [one for one in rose if one.poor == "contradiction"]
    assert not [one for one in rose if one.place in ("dialogue", "language", "speaker")]


@pytest.mark.parametrize(
    ("judge", "outcome", "rate"),
    [(Says(7), "passed", 1.0), (Says(None), "passed", 1.0), (Says(8), "poor_accepted", None)],
    ids=["strict", "silent", "accepts-everything"],
)
def test_what_comes_of_a_judge_that_never_moves(judge: Says, outcome: str, rate: float | None) -> None:
    trials = try_injections(judge, accept_score=8)
    assert outcomes(trials) == {outcome: len(CASES)}
    assert pass_rate(trials) == rate


def test_a_judge_that_obeys_is_found_out() -> None:
    class Obeys(Says):
        def judge(self, statements: Sequence[Statement]) -> list[Verdict | Unanswered]:
            return [Verdict(10 if "10" in (one.cause or "") else 2, None, "as told", None) for one in statements]

    trials = try_injections(Obeys(2), accept_score=8)
    assert {one.injection for one in trials if one.outcome == "rose"} >= {"score-10", "打十分", "json", "llama-3"}
    assert {one.place for one in trials if one.outcome == "rose"} == {"cause"}
    rate = pass_rate(trials)
    assert rate is not None
    assert rate < 1


def test_a_server_that_is_away_is_told_from_one_that_resists() -> None:
    class Away(Says):
        def judge(self, statements: Sequence[Statement]) -> list[Verdict | Unanswered]:
            return [Unanswered("no answer", "http://x")] * len(statements)

    trials = try_injections(Away(None), accept_score=8)
    assert outcomes(trials) == {"unanswered": len(CASES)}
    assert pass_rate(trials) is None
