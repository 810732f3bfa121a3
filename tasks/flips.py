"""How often a voter answers otherwise when asked the same again: greedy decoding on a server is not repeatable."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from osmo.schemas.keys import content_key
from osmo.storage.media import Media
from osmo.tasks.intervals import Share, share
from osmo.tasks.pipeline import Pipeline
from osmo.tasks.stage import Stage

_READ = ("input_key", "label", "raw_text")


class NoVotesError(RuntimeError):
    """A voter has no stored votes to ask about again."""

    def __init__(self, voter: str, store: str) -> None:
        super().__init__(
            f"{store}: voter {voter!r} has no votes under this configuration, so there is nothing to ask again. "
            "Run `osmo prescreen` first."
        )


class Said(NamedTuple):
    """One answer: its label (null: abstained) and its unchanged text."""

    label: str | None
    raw_text: str | None


@dataclass(frozen=True)
class Flips:
    """One voter, asked twice anew about some of its stored votes.

    Attributes:
        voter: Its name.
        sampled: Stored votes in the sample.
        unanswered: Those that it could not be asked about twice; they are in no share.
        changed: Answers of the two that differ in label or abstention.
        labels: Those of `changed` with two different labels.
        abstentions: Those of `changed` where one answer abstains and the other has a label.
        texts: Answers of the two whose unchanged text differs.
        drifted: Answers of the first of the two that differ in label or abstention from the stored vote.
    """

    voter: str
    sampled: int
    unanswered: int
    changed: Share
    labels: Share
    abstentions: Share
    texts: Share
    drifted: Share


def flips(pipeline: Pipeline, voter: str, count: int, *, seed: int = 0) -> Flips:
    """Ask a voter twice anew about a sample of its stored votes. Nothing is stored.

    The second time it gets the same segments in other batches and in another order, since a server's answer may
    depend on what else it works at.

    Args:
        pipeline: Its stage `prescreen:<voter>` is asked.
        voter: One of the configured voters.
        count: How many votes; fewer where fewer are stored.
        seed: Of the sample: equal seeds over equal votes sample the same.

    Raises:
        NoVotesError: It has none.
        UnknownStageError: It is no configured voter.
    """
    stage = pipeline.stage(f"prescreen:{voter}")
    stored, rows, media = _sample(pipeline, stage, count, seed)
    if not rows.num_rows:
        raise NoVotesError(voter, pipeline.store.uri)
    first = _ask(stage, rows, media, _batches(rows.num_rows, stage.flush_rows))
    shuffled = list(range(rows.num_rows))
    random.Random(seed).shuffle(shuffled)
    again = rows.take(pa.array(shuffled))
    second = _ask(stage, again, media, _batches(rows.num_rows, max(1, min(stage.flush_rows, rows.num_rows) * 2 // 3)))
    return compare(voter, stored, first, second)


def compare(voter: str, stored: dict[str, Said], first: dict[str, Said], second: dict[str, Said]) -> Flips:
    """Count what differs; each maps the key of a vote to an answer, `stored` holds the sample."""
    twice = [(stored[key], first[key], second[key]) for key in stored if key in first and key in second]
    labels = sum(None not in (one.label, two.label) and one.label != two.label for _, one, two in twice)
    abstentions = sum((one.label is None) != (two.label is None) for _, one, two in twice)
    texts = sum(one.raw_text != two.raw_text for _, one, two in twice)
    drifted = sum(before.label != one.label for before, one, _ in twice)
    counts = {"changed": labels + abstentions, "labels": labels, "abstentions": abstentions, "texts": texts,
              "drifted": drifted}  # fmt: skip
    assert set(counts) == {field.name for field in fields(Flips)} - {"voter", "sampled", "unanswered"}
    shares = {name: share(hits, len(twice)) for name, hits in counts.items()}
    return Flips(voter, len(stored), len(stored) - len(twice), **shares)


def _sample(pipeline: Pipeline, stage: Stage, count: int, seed: int) -> tuple[dict[str, Said], pa.Table, Media]:
    """Some stored votes by key, what the voter was asked for them, and the media of their recordings."""
    votes = {
        bucket: pipeline.views.rows_of(stage.name, bucket, _READ) for bucket in pipeline.views.buckets
    }  # already only those whose key is needed now
    ranked = sorted((content_key("flips", seed, str(key)), bucket, str(key)) for bucket, key in _keys(votes))
    chosen = {key for _, _, key in ranked[:count]}
    stored: dict[str, Said] = {}
    rows, media = [], []
    for bucket in sorted({bucket for _, bucket, _ in ranked[:count]}):
        wanted = pa.array(sorted(chosen), pa.string())
        mine = votes[bucket].filter(pc.is_in(votes[bucket]["input_key"], value_set=wanted))
        stored |= {
            key: Said(label, text) for key, label, text in zip(*(mine[n].to_pylist() for n in _READ), strict=True)
        }
        needed = stage.needs(bucket)
        rows.append(needed.filter(pc.is_in(needed["input_key"], value_set=wanted)))
        media.append(pipeline.views.tracks(bucket))
    if not rows:
        return {}, pa.table({}), Media(pipeline.cache, pa.table({}))
    return stored, pa.concat_tables(rows), Media(pipeline.cache, pa.concat_tables(media))


def _keys(votes: dict[int, pa.Table]) -> Iterator[tuple[int, str]]:
    for bucket, rows in votes.items():
        for key in rows["input_key"].to_pylist():
            yield bucket, str(key)


def _batches(rows: int, size: int) -> Sequence[tuple[int, int]]:
    return [(start, min(size, rows - start)) for start in range(0, rows, size)]


def _ask(stage: Stage, rows: pa.Table, media: Media, batches: Sequence[tuple[int, int]]) -> dict[str, Said]:
    """Answers by key; a vote that stays open has none."""
    answers: dict[str, Said] = {}
    for start, size in batches:
        outcome = stage.compute(rows.slice(start, size), media)
        found = (outcome.rows[name].to_pylist() for name in ("label", "raw_text"))
        answers |= {key: Said(*said) for key, *said in zip(outcome.input_keys, *found, strict=True)}
    return answers
