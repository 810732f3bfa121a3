"""Prescreen: one stage per voter, which asks it for a label of every segment."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from osmo.annotators.answer import Unanswered
from osmo.annotators.voter import Ballot, Turn, Utterance, Voter
from osmo.schemas.keys import fingerprint
from osmo.schemas.table import Table
from osmo.schemas.tables import MEDIA, VOTES
from osmo.storage.media import Media
from osmo.tasks.stage import Outcome
from osmo.tasks.unanswered import open_problem, pause, usage_columns

VERSION = 1
NO_AUDIO = "no-audio"
"""Instead of the first digits of the text key, where a voter that listens gets a segment without sound."""
NO_PICTURE = "no-picture"
KEY_DIGITS = 32
"""Digits of a key that several keys share: a share of each is enough to tell what changed, and keeps one width."""

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
        media_rows: Callable[[int], pa.Table] | None = None,
        dialogue_turns: int = 5,
        flush_rows: int = 256,
    ) -> None:
        """Bind the stage.

        Args:
            voter: Who is asked.
            segments: `SEGMENTS` rows of a bucket that have a segment_id.
            media_rows: `MEDIA` rows of whole recordings of a bucket, for a voter that sees pictures; null: none.
            dialogue_turns: Turns before a segment that a voter which sees the dialogue gets: as many as its
                dialogue_key was made of.
            flush_rows: Segments after which a part is written, and that the voter gets at once.
        """
        self._voter = voter
        self._segments = segments
        self._media_rows = media_rows
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
            self._keys(segments, bucket),
            bucket_column,
            *(segments[name] for name in _READ),
        ]
        return pa.Table.from_arrays(columns, names=["input_key", "bucket", *_READ])

    def compute(self, rows: pa.Table, media: Media) -> Outcome:
        """The voter's answers in order of segment_id; what it could not be asked stays open, with a problem."""
        rows = rows.sort_by("segment_id")
        keys = [str(key) for key in rows["input_key"].to_pylist()]
        utterances = self._utterances(rows)
        started = time.perf_counter()
        answers = self._voter.vote(utterances, media)
        if len(answers) != len(utterances):
            raise BallotCountError(self._voter.name, len(answers), len(utterances))
        each_ms = (time.perf_counter() - started) * 1000 / max(1, len(answers))
        asked = list(zip(utterances, keys, answers, strict=True))
        name = self._voter.name
        return Outcome(
            self._votes([(one, ballot) for one, _, ballot in asked if isinstance(ballot, Ballot)], each_ms),
            [key for _, key, ballot in asked if isinstance(ballot, Ballot)],
            [
                open_problem(none, name, recording_id=one.recording_id, key=key, what=f"segment {one.segment_id}")
                for one, key, none in asked
                if isinstance(none, Unanswered)
            ],
            attempts=sum(one.usage.attempts if isinstance(one, Ballot) else one.attempts for one in answers),
            pause=pause(answers, name),
        )

    def _keys(self, segments: pa.Table, bucket: int) -> pa.Array[Any] | pa.ChunkedArray[Any]:
        sees = self._voter.sees
        if sees in ("text", "dialogue"):
            return segments["dialogue_key" if sees == "dialogue" else "text_key"]
        # Keys keep one width, which lets the log tell units apart quickly.
        silent = pc.utf8_replace_slice(segments["text_key"], 0, len(NO_AUDIO), NO_AUDIO)
        heard = pc.coalesce(segments["audio_key"], silent)
        if sees == "audio":
            return heard
        shown = self._pictures(bucket, segments["recording_id"]) if sees == "film" else None
        parts = [segments["text_key"], heard] if shown is None else [segments["text_key"], heard, shown]
        digits = [pc.utf8_slice_codeunits(part, 0, KEY_DIGITS // len(parts)) for part in parts]
        joined: pa.ChunkedArray[Any] = pc.binary_join_element_wise(*digits, "")  # type: ignore[call-overload]
        return joined

    def _pictures(self, bucket: int, recordings: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
        """Hash of each segment's proxy; one that was made up from captions shows nothing."""
        rows = MEDIA.empty() if self._media_rows is None else self._media_rows(bucket)
        genuine = pc.and_(pc.equal(rows["kind"], pa.scalar("proxy")), pc.invert(rows["captioned"]))
        proxies = rows.filter(genuine)
        at = pc.index_in(recordings, value_set=proxies["recording_id"].combine_chunks())
        return proxies["sha256"].take(at).fill_null(pa.scalar(NO_PICTURE))

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

    def _votes(self, answered: Sequence[tuple[Utterance, Ballot]], each_ms: float) -> pa.Table:
        voter = self._voter
        return VOTES.rows(
            {
                "recording_id": utterance.recording_id,
                "segment_id": utterance.segment_id,
                "annotator": voter.name,
                "model_revision": voter.revision,
                "prompt_sha": voter.prompt_sha,
                "label": ballot.label,
                "abstain_reason": ballot.abstain_reason,
                "raw_text": ballot.raw_text,
                "extraction": ballot.extraction,
                "confidence": ballot.confidence,
                **usage_columns(ballot.usage),
                "latency_ms": each_ms if ballot.usage.latency_ms is None else ballot.usage.latency_ms,
            }
            for utterance, ballot in answered
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
