"""What is told of the votes beside their majority: patterns, agreement and the second opinion, on columns in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from crowdkit.aggregation import DawidSkene
from measure import at_least, at_most, cpu_seconds, options, report, size

from osmo.tasks.dawid_skene import dawid_skene
from osmo.tasks.vote_patterns import vote_patterns
from osmo.tasks.voter_agreement import krippendorff_alpha, voter_pairs

VOTERS = ("a", "b", "c", "d")
RIGHT = (0.8, 0.7, 0.6, 0.5)
LABELS = 7
LIMIT_S = 0.2


def planted(segments: int) -> np.ndarray:
    """Votes on a planted truth, a fifth of them missing."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, LABELS, segments)
    votes = np.stack([np.where(rng.random(segments) < p, truth, rng.integers(0, LABELS, segments)) for p in RIGHT])
    votes[rng.random(votes.shape) < 0.2] = -1
    return votes.astype(np.int8)


def main() -> None:
    segments = size(200_000, 2_000)
    votes = planted(segments)
    voters, tasks = np.nonzero(votes >= 0)
    long = pd.DataFrame({"task": tasks, "worker": voters, "label": votes[voters, tasks]})
    reasons = pa.nulls(segments, pa.string())
    theirs = DawidSkene(n_iter=100).fit_predict(long).sort_index()
    equal = float(np.mean(theirs.to_numpy() == dawid_skene(votes, labels=LABELS).label[theirs.index.to_numpy()]))
    # crowd-kit ends sooner, which among few segments leaves more of them undecided.
    assert equal >= (0.98 if options().small else 0.999), f"{equal} of the labels equal crowd-kit's"
    ours, crowd = cpu_seconds(
        lambda: dawid_skene(votes, labels=LABELS), lambda: DawidSkene(n_iter=100).fit_predict(long), repeat=3
    )
    patterns, alpha, pairs = cpu_seconds(
        lambda: vote_patterns(votes, reasons),
        lambda: krippendorff_alpha(votes, labels=LABELS),
        lambda: voter_pairs(votes, VOTERS, labels=LABELS),
    )
    of = f"{segments:,} × {len(VOTERS)}"
    report(
        [
            at_least(f"Dawid–Skene, {of}", "crowd-kit DawidSkene", ours, crowd, 10),
            at_most(f"vote patterns, {of}", "0.2 s", patterns, LIMIT_S, 1),
            at_most(f"Krippendorff's α, {of}", "0.2 s", max(alpha, 1e-6), LIMIT_S, 1),
            at_most(f"agreement of each two, {of}", "0.2 s", pairs, LIMIT_S, 1),
        ],
        notes={"labels equal to crowd-kit's": f"{100 * equal:.3f} %"},
    )


if __name__ == "__main__":
    main()
