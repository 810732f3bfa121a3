"""A second opinion on the votes: Dawid and Skene's model of what each voter confuses. It never decides what is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SMOOTHING = 0.01
"""Votes added to every cell of a voter's confusion table, so that nothing that was never seen is impossible."""

_DENSE = 1 << 22
"""Possible combinations of votes up to which a table of all of them is made, instead of sorting the segments."""


@dataclass(frozen=True)
class SecondOpinion:
    """What the model makes of the votes; S segments, L labels, V voters.

    Attributes:
        posterior: Probability of each label, shape (S, L); rows sum to 1. Without any vote it is the prior.
        entropy: Of each row in bits, 0 (sure) to log2 L, shape (S,).
        confusion: Probability that a voter says a label given the true one, shape (V, true L, said L).
        prior: Share of each label among segments that have a vote, shape (L,).
        history: What the iterations raised: log-likelihood and smoothing, natural log, per vote; never falls.
        converged: Whether the last gain was below the tolerance.
    """

    posterior: Floats
    entropy: Floats
    confusion: Floats
    prior: Floats
    history: tuple[float, ...]
    converged: bool

    @property
    def label(self) -> npt.NDArray[np.int8]:
        """Code of the likeliest label of each segment; of equally likely ones the smallest code."""
        return np.asarray(self.posterior.argmax(axis=1), np.int8)


def dawid_skene(
    codes: npt.NDArray[np.int8],
    *,
    labels: int,
    smoothing: float = SMOOTHING,
    tolerance: float = 1e-7,
    iterations: int = 500,
) -> SecondOpinion:
    """Estimate the labels, and what each voter confuses, by expectation and maximisation.

    Dawid and Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm" (1979, Appl. Stat.
    28:20). It starts from each segment's shares of votes. Segments with equal votes are one row with a weight, so that
    an iteration costs as many rows as there are combinations of votes, not segments.

    Args:
        codes: Shape (voters, segments): a label's code from 0 on; below 0 is a vote that is missing, and says nothing.
        labels: How many codes there are.
        smoothing: Added to each cell of the confusion tables; 0: none.
        tolerance: Gain per vote at which it ends.
        iterations: At most so many.
    """
    votes, weights, which = _combinations(codes, labels)
    voted = votes.max(axis=0, initial=-1) >= 0
    weight = np.where(voted, weights, 0).astype(np.float64)
    cast = float(((votes >= 0) * weight).sum())
    said = np.stack([(votes == code).astype(np.float64) for code in range(labels)])  # L, V, U
    shares = said.sum(axis=1).T
    posterior = np.where(voted[:, None], shares / np.maximum(shares.sum(axis=1, keepdims=True), 1), 1 / labels)
    history: list[float] = []
    converged = cast == 0
    prior, confusion = _maximise(posterior, weight, said, smoothing)
    while not converged and len(history) < iterations:
        posterior, likelihood = _expect(prior, confusion, said)
        gained = float(weight @ likelihood) + smoothing * float(_log(confusion).sum())
        history.append(gained / cast)
        prior, confusion = _maximise(posterior, weight, said, smoothing)
        converged = len(history) > 1 and history[-1] - history[-2] < tolerance
    posterior, _ = _expect(prior, confusion, said)
    entropy = -(posterior * np.log2(np.where(posterior > 0, posterior, 1))).sum(axis=1)
    return SecondOpinion(
        posterior[which], np.maximum(entropy, 0.0)[which], confusion, prior, tuple(history), bool(converged)
    )


def _maximise(posterior: Floats, weight: Floats, said: Floats, smoothing: float) -> tuple[Floats, Floats]:
    """Prior and confusion tables that fit the posterior best."""
    weighted = posterior * weight[:, None]
    total = weighted.sum()
    labels = posterior.shape[1]
    prior = weighted.sum(axis=0) / total if total else np.full(labels, 1 / labels)
    counts = np.einsum("lvu,ut->vtl", said, weighted, optimize=True) + smoothing
    sums = counts.sum(axis=2, keepdims=True)
    return prior, np.where(sums > 0, counts / np.where(sums > 0, sums, 1), 1 / labels)


def _expect(prior: Floats, confusion: Floats, said: Floats) -> tuple[Floats, Floats]:
    """Posterior of each combination of votes, and its log-likelihood."""
    log = _log(prior) + np.einsum("lvu,vtl->ut", said, _log(confusion), optimize=True)
    most = log.max(axis=1, keepdims=True)
    scaled = np.exp(log - most)
    sums = scaled.sum(axis=1, keepdims=True)
    return scaled / sums, np.asarray((most + np.log(sums))[:, 0])


def _log(values: Floats) -> Floats:
    """Natural log; of nothing that of the smallest number, so that it stays finite."""
    return np.asarray(np.log(np.maximum(values, np.finfo(np.float64).tiny)))


def _combinations(
    codes: npt.NDArray[np.int8], labels: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Distinct columns of votes, shape (voters, U); how often each occurs; and which is each segment's."""
    voters = len(codes)
    given = np.maximum(codes, -1)
    if (labels + 1) ** voters > _DENSE:
        found, which, counts = np.unique(given, axis=1, return_inverse=True, return_counts=True)
        return found, counts, which.ravel()
    key = np.zeros(codes.shape[1], np.int64)
    for column in given:
        key = key * (labels + 1) + (column + 1)
    counts = np.bincount(key, minlength=(labels + 1) ** voters)
    used = np.flatnonzero(counts)
    place = np.zeros(len(counts), np.int64)
    place[used] = np.arange(len(used))
    powers = (labels + 1) ** np.arange(voters - 1, -1, -1)
    return ((used[None, :] // powers[:, None]) % (labels + 1) - 1).astype(np.int8), counts[used], place[key]
