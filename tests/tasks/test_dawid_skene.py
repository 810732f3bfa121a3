"""The second opinion: crowd-kit's labels, a planted truth, and that it changes no vote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from crowdkit.aggregation import DawidSkene
from hypothesis import given, settings
from hypothesis import strategies as st

from osmo.schemas.tables import SEGMENTS
from osmo.schemas.vocabulary import EKMAN_LABELS
from osmo.tasks.candidates import candidates
from osmo.tasks.dawid_skene import dawid_skene
from osmo.tasks.pivot import pivot
from osmo.tasks.vote import Codes

REPOSITORY = Path(__file__).parents[2]
VOTERS = ("a", "b", "c", "d")


def planted(segments: int, *, labels: int = 7, seed: int = 0, missing: float = 0.2) -> tuple[Codes, Any]:
    """Votes of four voters who are right in 80, 70, 60 and 50 of 100, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, labels, segments)
    votes = np.stack(
        [np.where(rng.random(segments) < p, truth, rng.integers(0, labels, segments)) for p in (0.8, 0.7, 0.6, 0.5)]
    ).astype(np.int8)
    votes[rng.random(votes.shape) < missing] = -1
    return votes, truth


def test_labels_equal_crowd_kits() -> None:
    votes, _ = planted(20_000)
    voters, tasks = np.nonzero(votes >= 0)
    long = pd.DataFrame({"task": tasks, "worker": voters, "label": votes[voters, tasks]})
    theirs = DawidSkene(n_iter=100).fit_predict(long).sort_index()
    ours = dawid_skene(votes, labels=7)
    assert ours.converged
    assert np.mean(theirs.to_numpy() == ours.label[theirs.index.to_numpy()]) >= 0.999


def test_it_finds_who_confuses_what() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 5_000)
    confused = np.where(truth == 2, 1, truth)  # says 1 for 2, always
    votes = np.stack([truth, truth, confused, np.where(rng.random(5_000) < 0.7, truth, 0)]).astype(np.int8)
    found = dawid_skene(votes, labels=3)
    assert found.confusion[2, 2, 1] > 0.99
    assert found.confusion[0, 2, 2] > 0.99
    np.testing.assert_array_equal(found.label, truth)
    np.testing.assert_allclose(found.confusion.sum(axis=2), 1)


def test_what_it_raises_never_falls_and_it_ends() -> None:
    found = dawid_skene(planted(3_000, seed=2)[0], labels=7)
    assert found.converged and len(found.history) > 1
    assert np.diff(found.history).min() > -1e-12


def test_a_missing_vote_says_nothing_and_no_vote_leaves_the_prior() -> None:
    votes, _ = planted(2_000, seed=3)
    alone = dawid_skene(votes, labels=7)
    rowless = np.where(votes < 0, -2, votes).astype(np.int8)
    np.testing.assert_array_equal(alone.posterior, dawid_skene(rowless, labels=7).posterior)
    silent = np.hstack([votes, np.full((4, 500), -1, np.int8)])
    more = dawid_skene(silent, labels=7)
    np.testing.assert_allclose(more.posterior[:2_000], alone.posterior)
    np.testing.assert_allclose(more.posterior[-1], more.prior)


def test_smoothing_keeps_what_was_never_seen_possible() -> None:
    votes = np.array([[0, 0, 1, 1, 0]] * 3 + [[0, 0, 1, 1, 1]], np.int8)
    assert dawid_skene(votes, labels=2, smoothing=0.5).confusion.min() > 0.05
    assert dawid_skene(votes, labels=2, smoothing=0.0).confusion.min() == 0.0


@pytest.mark.parametrize("votes", [np.empty((3, 0), np.int8), np.full((3, 4), -1, np.int8)], ids=["empty", "silent"])
def test_without_votes_nothing_is_likelier(votes: Codes) -> None:
    found = dawid_skene(votes, labels=4)
    assert found.posterior.shape == (votes.shape[1], 4)
    np.testing.assert_allclose(found.posterior, 0.25)
    np.testing.assert_allclose(found.entropy, 2.0)


def test_many_voters_give_the_same_as_the_table_of_all_combinations() -> None:
    votes, _ = planted(1_000, labels=3, seed=4)
    many = np.vstack([votes, np.full((16, 1_000), -1, np.int8)])  # too many combinations for a table of them
    np.testing.assert_allclose(dawid_skene(many, labels=3).posterior, dawid_skene(votes, labels=3).posterior)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(*[st.integers(-2, 6)] * 4), min_size=1, max_size=30), st.integers(1, 4))
def test_it_never_overrules_the_quorum(rows: list[tuple[int, ...]], quorum: int) -> None:
    ids = [f"{place:04d}" for place in range(len(rows))]
    segments = SEGMENTS.rows(
        {"recording_id": "r", "segment_id": one, "start_s": 0.0, "end_s": 1.0, "speaker": "wearer", "in_media": True}
        for one in ids
    )
    votes = pa.table(
        {
            "segment_id": pa.array(
                [one for one, row in zip(ids, rows, strict=True) for c in row if c > -2], pa.string()
            ),
            "annotator": pa.array([v for row in rows for v, c in zip(VOTERS, row, strict=True) if c > -2], pa.string()),
            "label": pa.array(
                [EKMAN_LABELS[c] if c >= 0 else None for row in rows for c in row if c > -2], pa.string()
            ),
        }
    )
    before = candidates(segments, votes, voters=VOTERS, quorum=quorum, min_voters=1)
    codes = pivot(segments["segment_id"].combine_chunks(), votes, voters=VOTERS).codes
    kept_codes = codes.copy()
    opinion = dawid_skene(codes, labels=7)
    np.testing.assert_array_equal(codes, kept_codes)
    assert np.isfinite(opinion.posterior).all()
    np.testing.assert_allclose(opinion.posterior.sum(axis=1), 1)
    after = candidates(segments, votes, voters=VOTERS, quorum=quorum, min_voters=1)
    assert after.select(["segment_id", "label", "kept"]).equals(before.select(["segment_id", "label", "kept"]))


def test_nothing_but_the_report_knows_of_it() -> None:
    files = (
        path for folder in ("tasks", "flows", "annotators", "storage") for path in (REPOSITORY / folder).rglob("*.py")
    )
    knowing = {path.name for path in files if "osmo.tasks.dawid_skene" in path.read_text("utf-8")}
    assert knowing == {"vote_report.py"}
    reporting = {
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("tasks", "flows")
        for path in (REPOSITORY / folder).rglob("*.py")
        if "osmo.tasks.vote_report" in path.read_text("utf-8")
    }
    assert reporting == {"tasks/vote_picture.py", "flows/commands/votes.py"}
