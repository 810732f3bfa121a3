"""Whether chains give away the label before they infer it: a probe reads it from steps 1–4, and from evidence alone.

Both probes are the same classifier on the same folds, so what the chain's has over the other can only come from the
writer, who knew the label. Folds never divide a subject.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from osmo.schemas.vocabulary import vocabulary
from osmo.tasks.probe import Labels, Measured, Probe, balanced_accuracy, compared, folds_of

FEWEST_EVENTS = 40
"""Fewer events say nothing."""
FEWEST_OF_A_CLASS = 10
"""A label of fewer events is left out."""
FEWEST_GROUPS = 3
"""Folds need so many subjects, or recordings."""
GROUPS_FOR_INTERVALS = 10
"""With fewer, intervals are said to be rough."""
RESAMPLES = 1_000
PERMUTATIONS = 40

Target = Literal["family", "polarity"]


@dataclass(frozen=True)
class Leakage:
    """What the probe found.

    Attributes:
        events: Events with a label and a chain.
        target: What is predicted: the family of the first concept, or the polarity where families are too few; null:
            nothing, with the reason.
        classes: Events of each label that is predicted.
        grouped_by: What folds keep together: subject or recording; null: nothing was measured.
        groups: How many of them.
        chain: Balanced accuracy (mean recall of the labels) from steps 1–4.
        evidence: The same from the cues and the dialogue that step 3 cites.
        difference: The first minus the second.
        chance: Balanced accuracy from steps 1–4 where labels are permuted, mean.
        chance_high: Its 95th percentile.
        leaks: Whether the difference's interval lies above 0 and the chain's accuracy above chance_high.
        too_few: Why nothing was measured; null: it was.
        notes: What limits the figures.
    """

    events: int
    target: Target | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    grouped_by: str | None = None
    groups: int = 0
    chain: Measured | None = None
    evidence: Measured | None = None
    difference: Measured | None = None
    chance: float | None = None
    chance_high: float | None = None
    leaks: bool | None = None
    too_few: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sample:
    """One event of the probe."""

    chain: str
    evidence: str
    family: str | None
    polarity: str | None
    subject: str | None
    recording: str


def leakage(
    events: pa.Table,
    cues: pa.Table,
    reasoning: pa.Table,
    segments: pa.Table,
    *,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
) -> Leakage:
    """Compare what steps 1–4 say of the label with what the evidence says.

    Args:
        events: `EVENTS`: the labels.
        cues: `CUES`.
        reasoning: `REASONING`.
        segments: `SEGMENTS`: what was said.
        seed: Of folds, permutations and resampling.
        permutations: Of the labels.
        resamples: Of subjects or recordings.
    """
    samples = _samples(events, cues, reasoning, segments)
    found = _labels(samples)
    if found is None:
        few = (
            f"fewer than {FEWEST_EVENTS} events have one of two labels with {FEWEST_OF_A_CLASS} events each, "
            "by family or by polarity"
        )
        return Leakage(len(samples), too_few=few)
    target, chosen, labels = found
    by, groups = _groups(chosen)
    if len(set(groups)) < FEWEST_GROUPS:
        few = f"they lie in {len(set(groups))} recordings: folds need {FEWEST_GROUPS} subjects or recordings"
        return Leakage(len(samples), too_few=few)
    rng = np.random.default_rng(seed)
    folds = folds_of(groups, rng)
    probe = Probe([one.chain for one in chosen], folds)
    permuted = [rng.permutation(labels) for _ in range(permutations)]
    chances = [balanced_accuracy(one, probe.predict(one)) for one in permuted]
    evidence = Probe([one.evidence for one in chosen], folds).predict(labels)
    chain, other, difference = compared(labels, probe.predict(labels), evidence, groups, rng, resamples)
    high = float(np.percentile(chances, 95))
    notes = []
    if len(set(groups)) < GROUPS_FOR_INTERVALS:
        notes.append(f"{len(set(groups))} {by}s are few: intervals that resample them are rough.")
    return Leakage(
        events=len(samples),
        target=target,
        classes=dict(sorted(Counter(labels.tolist()).items())),
        grouped_by=by,
        groups=len(set(groups)),
        chain=chain,
        evidence=other,
        difference=difference,
        chance=float(np.mean(chances)),
        chance_high=high,
        leaks=difference.low > 0 and chain.value > high,
        notes=tuple(notes),
    )


def _samples(events: pa.Table, cues: pa.Table, reasoning: pa.Table, segments: pa.Table) -> list[_Sample]:
    """Events that have a chain, in order of event_id."""
    steps: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in reasoning.select(["event_id", "step", "text", "cited"]).to_pylist():
        if row["step"] <= 4:
            steps.setdefault(row["event_id"], {})[row["step"]] = row
    seen: dict[str, list[str]] = {}
    for row in cues.sort_by([("event_id", "ascending"), ("modality", "ascending")]).to_pylist():
        seen.setdefault(row["event_id"], []).append(row["text"] or row["absent_reason"] or "")
    said = {
        f"segment:{row['segment_id']}": row["text"] or "" for row in segments.select(["segment_id", "text"]).to_pylist()
    }
    samples = []
    for event in events.sort_by("event_id").to_pylist():
        chain = steps.get(event["event_id"])
        if chain is None or set(chain) != {1, 2, 3, 4}:
            continue
        turns = [said.get(ref, "") for ref in chain[3]["cited"]]
        first = event["emotions"][0] if event["emotions"] else None
        families = () if first is None else vocabulary().get(first).families
        samples.append(
            _Sample(
                chain="\n".join(chain[step]["text"] for step in (1, 2, 3, 4)),
                evidence="\n".join((*seen.get(event["event_id"], ()), *turns)),
                family=families[0] if families else None,
                polarity=event["polarity"],
                subject=event["subject_id"],
                recording=event["recording_id"],
            )
        )
    return samples


def _labels(samples: Sequence[_Sample]) -> tuple[Target, list[_Sample], Labels] | None:
    """What can be predicted, of which samples: families, else polarity; null: of neither are there enough."""
    targets: tuple[Target, ...] = ("family", "polarity")
    for target in targets:
        named = [(one, label) for one in samples if (label := getattr(one, target)) is not None]
        counts = Counter(label for _, label in named)
        kept = [(one, label) for one, label in named if counts[label] >= FEWEST_OF_A_CLASS]
        if len(kept) >= FEWEST_EVENTS and len({label for _, label in kept}) >= 2:
            return target, [one for one, _ in kept], np.array([label for _, label in kept])
    return None


def _groups(samples: Sequence[_Sample]) -> tuple[str, list[str]]:
    """What folds keep together: subjects where there are enough, else recordings."""
    subjects = [one.subject if one.subject is not None else f"of {one.recording}" for one in samples]
    if len(set(subjects)) >= FEWEST_GROUPS:
        return "subject", subjects
    return "recording", [one.recording for one in samples]
