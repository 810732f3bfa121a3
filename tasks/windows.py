"""Context windows around candidates, and the time that no published clip covers yet.

Times are whole milliseconds, so that no comparison hangs on a float. Two rules decide everything:

- A candidate belongs to the clip that holds most of it (of equal ones the earlier).
- A new clip is made only where it would hold more of a candidate than any published clip does. So a candidate of
  which one published clip holds half or more attaches to that clip, and no clip is made that holds nobody's own time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from osmo.schemas.keys import milliseconds

SECOND_MS = 1000


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of a recording, from `start_ms` up to but without `end_ms`, from the recording's start."""

    start_ms: int
    end_ms: int

    @classmethod
    def of_seconds(cls, start_s: float, end_s: float) -> Span:
        """The span between two times; one of no length gets a millisecond, so that it lies somewhere."""
        start_ms = milliseconds(start_s)
        return cls(start_ms, max(milliseconds(end_s), start_ms + 1))

    def overlap_ms(self, other: Span) -> int:
        """Milliseconds that both hold."""
        return max(0, min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms))


def context_windows(candidates: Iterable[Span], *, duration_s: float, context_s: float = 30.0) -> list[Span]:
    """Windows of `context_s` centred on the candidates, merged where they overlap.

    A window is at least as long as its candidate. It starts and ends on whole seconds, rounded outwards, because media
    is cut there; what lies beyond the recording is cut off, not made up for on the other side.

    Args:
        candidates: Segments of one recording; those that lie outside the recording get no window.
        duration_s: Length of the recording; a window may end there between two seconds.
        context_s: Length of a window (the paper's 30 s).

    Returns:
        Disjoint windows in order of time; two that only touch stay two.
    """
    end_ms, context_ms = milliseconds(duration_s), milliseconds(context_s)
    windows = []
    for candidate in candidates:
        own = _inside(candidate, end_ms)
        if own is None:
            continue
        width = max(context_ms, candidate.end_ms - candidate.start_ms)
        first = (candidate.start_ms + candidate.end_ms - width) // 2
        start = max(0, first // SECOND_MS * SECOND_MS)
        end = min(end_ms, -(-(first + width) // SECOND_MS) * SECOND_MS)
        windows.append(Span(min(start, own.start_ms), max(end, own.end_ms)))
    return _merged(windows)


def new_windows(
    candidates: Sequence[Span], published: Iterable[Span], *, duration_s: float, context_s: float = 30.0
) -> list[Span]:
    """Clips to make, so that every candidate of a recording lies in a clip as the module's two rules say.

    Args:
        candidates: All kept segments of one recording.
        published: Its clips so far: frozen, and never overlapped by what is made.
        duration_s: Length of the recording.
        context_s: Length of a window (the paper's 30 s).

    Returns:
        Disjoint windows in order of time.
    """
    frozen = _merged(published, touching=True)
    clips = sorted(published)
    made: set[Span] = set()
    wanted = [span for span in candidates if unattached(span, clips, duration_s=duration_s)]
    pieces = [
        piece
        for window in context_windows(wanted, duration_s=duration_s, context_s=context_s)
        for piece in _without(window, frozen)
    ]
    for span in wanted:
        own = _inside(span, milliseconds(duration_s))
        assert own is not None, "what lies outside the recording cannot be unattached"
        made.add(max(pieces, key=lambda piece: (own.overlap_ms(piece), -piece.start_ms)))
    return sorted(made)


def unattached(candidate: Span, published: Sequence[Span], *, duration_s: float) -> bool:
    """Whether a new clip would hold more of a candidate than any published clip does.

    False, too, for one that lies outside the recording: no clip can hold it.
    """
    own = _inside(candidate, milliseconds(duration_s))
    if own is None:
        return False
    held = max((own.overlap_ms(clip) for clip in published), default=0)
    free = _without(own, _merged(published, touching=True))
    return any(piece.end_ms - piece.start_ms > held for piece in free)


def outside(candidate: Span, *, duration_s: float) -> bool:
    """Whether no part of a candidate lies inside the recording."""
    return _inside(candidate, milliseconds(duration_s)) is None


def home(candidate: Span, clips: Sequence[Span]) -> int | None:
    """Position of the clip that a candidate belongs to; null: no clip holds any of it."""
    held = [(candidate.overlap_ms(clip), -clip.start_ms, -i) for i, clip in enumerate(clips)]
    best = max(held, default=(0, 0, 0))
    return -best[2] if best[0] else None


def _inside(span: Span, end_ms: int) -> Span | None:
    """The part of a span that lies inside the recording."""
    start, end = max(0, span.start_ms), min(span.end_ms, end_ms)
    return Span(start, end) if start < end else None


def _merged(spans: Iterable[Span], *, touching: bool = False) -> list[Span]:
    """Disjoint spans that hold the same time."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and (span.start_ms < merged[-1].end_ms or (touching and span.start_ms == merged[-1].end_ms)):
            merged[-1] = Span(merged[-1].start_ms, max(merged[-1].end_ms, span.end_ms))
        else:
            merged.append(span)
    return merged


def _without(span: Span, holes: Iterable[Span]) -> list[Span]:
    """What is left of a span outside disjoint, sorted holes."""
    left = []
    start = span.start_ms
    for hole in holes:
        if hole.end_ms <= start or hole.start_ms >= span.end_ms:
            continue
        if hole.start_ms > start:
            left.append(Span(start, hole.start_ms))
        start = max(start, hole.end_ms)
    if start < span.end_ms:
        left.append(Span(start, span.end_ms))
    return left
