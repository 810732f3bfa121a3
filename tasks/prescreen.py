"""Prescreen: one stage per voter, which asks it for a label of every segment."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from osmo.annotators.voter import Ballot, Turn, Utterance, Voter, VoterUnreachableError
from osmo.schemas.keys import fingerprint
from osmo.schemas.table import Table
from osmo.schemas.tables import VOTES
from osmo.storage.media import Media
from osmo.tasks.stage import Outcome, Problem

VERSION = 1
NO_AUDIO = "no-audio"
"""Instead of the first digits of the text key, where a voter that listens gets a segment without sound."""

_READ = ("recording_id", "segment_id", "start_s", "end_s", "text", "language", "speaker")


class BallotCountError(RuntimeError):
    """A voter did not answer once per utterance."""

    def __init__(self, voter: str, got: int, expected: int) -> None:
        super().__init__(
            f"Voter {voter!r} gave {got} ballots for {expected} utterances. Its vote() must give one each, in order; "
            "an utterance that it cannot label is an abstention."
        )


class PrescreenStage:
    """Asks one voter about the segments of a bucket; what it is asked again on depends on what it sees."""

    def __init__(
        self,
        voter: Voter,
        *,
        segments: Callable[[int], pa.Table],
        dialogue_turns: int = 5,
        flush_rows: int = 256,
    ) -> None:
        """Bind the stage.

        Args:
            voter: Who is asked.
            segments: `SEGMENTS` rows of a bucket that have a segment_id.
            dialogue_turns: Turns before a segment that a voter which sees the dialogue gets: as many as its
                dialogue_key was made of.
            flush_rows: Segments after which a part is written, and that the voter gets at once.
        """
        self._voter = voter
        self._segments = segments
        self._dialogue_turns = dialogue_turns
        self._flush_rows = flush_rows
        self._dialogues: tuple[int, Mapping[str, tuple[Turn, ...]]] | None = None

    @property
    def name(self) -> str:
        """prescreen:<voter>."""
        return f"prescreen:{self._voter.name}"

    @property
    def writes(self) -> Table:
        """`VOTES`."""
        return VOTES

    @property
    def fingerprint(self) -> str:
        """Of its version, the voter, its revision and its prompt."""
        voter = self._voter
        parameters = {"voter": voter.name, "revision": voter.revision, "prompt_sha": voter.prompt_sha}
        return fingerprint("prescreen", VERSION, parameters)

    @property
    def flush_rows(self) -> int:
        """Segments after which a part is written."""
        return self._flush_rows

    def needs(self, bucket: int) -> pa.Table:
        """The bucket's segments; the key is that of the text, the dialogue or the sound, as the voter sees."""
        segments = self._segments(bucket)
        if segments["segment_id"].null_count:
            segments = segments.filter(pc.is_valid(segments["segment_id"]))
        bucket_column = pa.repeat(pa.scalar(bucket, pa.int32()), segments.num_rows)
        columns: list[pa.Array[Any] | pa.ChunkedArray[Any]] = [
            self._keys(segments),
            bucket_column,
            *(segments[name] for name in _READ),
        ]
        return pa.Table.from_arrays(columns, names=["input_key", "bucket", *_READ])

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """The voter's answers in order of segment_id; one that cannot be reached leaves all segments open."""
        rows = rows.sort_by("segment_id")
        keys = [str(key) for key in rows["input_key"].to_pylist()]
        utterances = self._utterances(rows)
        started = time.perf_counter()
        try:
            ballots = self._voter.vote(utterances, media)
        except VoterUnreachableError as error:
            return Outcome(VOTES.body_schema.empty_table(), [], _unreachable(error, utterances, keys), attempts=1)
        if len(ballots) != len(utterances):
            raise BallotCountError(self._voter.name, len(ballots), len(utterances))
        latency_ms = (time.perf_counter() - started) * 1000 / max(1, len(ballots))
        return Outcome(self._votes(utterances, ballots, latency_ms), keys)

    def _keys(self, segments: pa.Table) -> pa.ChunkedArray[Any]:
        if self._voter.sees == "audio":
            # Keys keep one width, which lets the log tell units apart quickly.
            silent = pc.utf8_replace_slice(segments["text_key"], 0, len(NO_AUDIO), NO_AUDIO)
            return pc.coalesce(segments["audio_key"], silent)
        return segments["dialogue_key" if self._voter.sees == "dialogue" else "text_key"]

    def _utterances(self, rows: pa.Table) -> list[Utterance]:
        listed = zip(*(rows[name].to_pylist() for name in _READ), rows["bucket"].to_pylist(), strict=True)
        return [
            Utterance(
                segment_id=segment_id,
                recording_id=recording_id,
                start_s=start_s,
                end_s=end_s,
                text=text or "",
                language=language,
                speaker=speaker or "unknown",
                dialogue=self._before(bucket).get(segment_id, ()) if self._voter.sees == "dialogue" else (),
            )
            for recording_id, segment_id, start_s, end_s, text, language, speaker, bucket in listed
        ]

    def _before(self, bucket: int) -> Mapping[str, tuple[Turn, ...]]:
        """The turns before each segment of a bucket; kept for the bucket last asked for."""
        if self._dialogues is None or self._dialogues[0] != bucket:
            self._dialogues = (bucket, dialogues(self._segments(bucket), turns=self._dialogue_turns))
        return self._dialogues[1]

    def _votes(self, utterances: Sequence[Utterance], ballots: Sequence[Ballot], latency_ms: float) -> pa.Table:
        voter = self._voter
        return VOTES.rows(
            {
                "recording_id": utterance.recording_id,
                "segment_id": utterance.segment_id,
                "annotator": voter.name,
                "model_revision": voter.revision,
                "prompt_sha": voter.prompt_sha,
                "latency_ms": latency_ms,
                **vars(ballot),
            }
            for utterance, ballot in zip(utterances, ballots, strict=True)
        )


def dialogues(segments: pa.Table, *, turns: int) -> dict[str, tuple[Turn, ...]]:
    """The last `turns` turns before each segment, oldest first, by segment_id.

    Turns stand in order of start, then end, then segment_id, whoever speaks.

    Args:
        segments: `SEGMENTS` rows that have a segment_id, whole recordings.
        turns: At most so many.
    """
    columns = ("recording_id", "start_s", "end_s", "segment_id", "speaker", "text")
    by_recording: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in zip(*(segments[name].to_pylist() for name in columns), strict=True):
        by_recording[row[0]].append(row[1:])
    before: dict[str, tuple[Turn, ...]] = {}
    for rows in by_recording.values():
        rows.sort(key=lambda row: row[:3])
        said = [Turn(speaker or "unknown", text or "") for *_, speaker, text in rows]
        for position, (_, _, segment_id, _, _) in enumerate(rows):
            before[segment_id] = tuple(said[max(0, position - turns) : position])
    return before


def _unreachable(error: VoterUnreachableError, utterances: Sequence[Utterance], keys: Sequence[str]) -> list[Problem]:
    return [
        Problem(
            recording_id=utterance.recording_id,
            key=key,
            permanent=False,
            what=f"{error.voter} gave no answer: {error.problem}",
            where=f"{error.where}, segment {utterance.segment_id}",
            remedy="See that the voter's server runs, then build again.",
        )
        for utterance, key in zip(utterances, keys, strict=True)
    ]
