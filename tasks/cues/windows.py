"""What the extractors of pictures share: an event's samples and those of the minute before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from osmo.storage.media import Media
from osmo.tasks.cues.extractor import Cue, MediaKind, Span
from osmo.tasks.cues.frames import Trace, trace

BASELINE_S = 60.0
FEWEST = 2
"""Samples without which there is no change to measure."""
FEWEST_BASELINE = 5


@dataclass(frozen=True)
class Windows:
    """Samples of an event and of up to a minute before it.

    Attributes:
        event: During the event, at least 2 samples.
        before: Before it, at least 5 samples; null: there is no baseline.
        baseline_s: Length of the stretch before it that was seen, seconds.
    """

    event: Trace
    before: Trace | None
    baseline_s: float


def cues_by_recording(
    spans: Sequence[Span],
    media: Media,
    *,
    kind: MediaKind,
    fps: float,
    absent: str,
    describe: Callable[[Span, Windows], Cue],
) -> list[Cue]:
    """One cue per span, in order; each stretch of a recording is decoded once, however many events lie in it.

    Args:
        spans: Of any recordings.
        media: Where to look.
        kind: What to look at.
        fps: Samples a second at most.
        absent: Reason of the absence where a recording has no such media.
        describe: Puts a span's samples into words.
    """
    cues: dict[int, Cue] = {}
    by_recording: dict[str, list[int]] = {}
    for index, span in enumerate(spans):
        by_recording.setdefault(span.recording_id, []).append(index)
    for recording_id, indices in by_recording.items():
        if not media.has(recording_id, kind):
            cues.update((index, Cue.absent(absent)) for index in indices)
            continue
        row, path = media.row(recording_id, kind), media.path(recording_id, kind)
        assert row is not None and path is not None
        looked_at = [(max(0.0, spans[i].start_s - BASELINE_S), spans[i].end_s) for i in indices]
        seen = trace(path, looked_at, fps=fps, offset_s=float(str(row["start_s"])))
        for index, (from_s, _) in zip(indices, looked_at, strict=True):
            span = spans[index]
            event, before = seen.window(span.start_s, span.end_s), seen.window(from_s, span.start_s)
            if len(event) < FEWEST:
                cues[index] = Cue.absent(f"{absent} within the event's times")
                continue
            baseline = before if len(before) >= FEWEST_BASELINE else None
            seen_from_s = max(from_s, float(before.times_s[0])) if baseline else from_s
            cues[index] = describe(span, Windows(event, baseline, span.start_s - seen_from_s))
    return [cues[index] for index in range(len(spans))]
