"""A probe: what of a label a linear classifier can read from texts that it did not learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FOLDS = 5
_LEVEL = (2.5, 97.5)

Labels = npt.NDArray[np.str_]
Folds = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Measured:
    """A number with its 95 % bootstrap interval, which resamples whole groups."""

    value: float
    low: float
    high: float


def folds_of(groups: Sequence[str], rng: np.random.Generator) -> Folds:
    """The fold of each text: no group is divided; the largest go first, each to the fold that has the fewest texts.

    Args:
        groups: The group of each text.
        rng: Orders groups of one size.
    """
    sizes = Counter(groups)
    names = [str(name) for name in rng.permutation(sorted(sizes))]
    filled = np.zeros(min(FOLDS, len(names)), dtype=np.int64)
    fold_of: dict[str, int] = {}
    for name in sorted(names, key=lambda name: -sizes[name]):
        fold_of[name] = int(filled.argmin())
        filled[fold_of[name]] += sizes[name]
    return np.array([fold_of[group] for group in groups], dtype=np.int64)


class Probe:
    """Texts in folds, of which labels are predicted: TF-IDF of words and characters, and a logistic regression."""

    def __init__(self, texts: Sequence[str], folds: Folds) -> None:
        """Read the texts; the vocabulary and weights of each fold come from the other folds.

        Args:
            texts: In any language.
            folds: The fold of each.
        """
        self._folds = folds
        self._features = [_features(texts, folds != fold) for fold in range(int(folds.max()) + 1)]

    def predict(self, labels: Labels) -> Labels:
        """A label of each text, learned from the other folds."""
        guess = np.empty_like(labels)
        for fold, features in enumerate(self._features):
            train, test = self._folds != fold, self._folds == fold
            guess[test] = _fitted(features[train], labels[train], features[test])
        return guess


def balanced_accuracy(labels: Labels, guess: Labels) -> float:
    """Mean recall of the labels that occur."""
    return float(np.mean([np.mean(guess[labels == label] == label) for label in np.unique(labels)]))


def compared(
    labels: Labels, one: Labels, other: Labels, groups: Sequence[str], rng: np.random.Generator, resamples: int
) -> tuple[Measured, Measured, Measured]:
    """Balanced accuracy of two predictions, and the first minus the second, from the same resampled groups."""
    names = sorted(set(groups))
    members = {name: np.flatnonzero([group == name for group in groups]) for name in names}
    drawn = np.empty((resamples, 2))
    for row in range(resamples):
        picked = np.concatenate([members[str(name)] for name in rng.choice(names, len(names))])
        drawn[row] = [balanced_accuracy(labels[picked], guess[picked]) for guess in (one, other)]
    values = [balanced_accuracy(labels, guess) for guess in (one, other)]
    return (
        _measured(values[0], drawn[:, 0]),
        _measured(values[1], drawn[:, 1]),
        _measured(values[0] - values[1], drawn[:, 0] - drawn[:, 1]),
    )


def _measured(value: float, drawn: npt.NDArray[np.float64]) -> Measured:
    low, high = np.percentile(drawn, _LEVEL)
    return Measured(value, float(low), float(high))


def _features(texts: Sequence[str], train: npt.NDArray[np.bool_]) -> Any:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\w+")
    chars = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, max_features=10_000)
    learned = [text if text.strip() else "none" for text, mine in zip(texts, train, strict=True) if mine]
    return hstack([one.fit(learned).transform(texts) for one in (words, chars)]).tocsr()


def _fitted(features: Any, labels: Labels, wanted: Any) -> Labels:
    """What a logistic regression predicts; where one label alone is known, that."""
    from sklearn.linear_model import LogisticRegression

    if len(set(labels.tolist())) == 1:
        return np.repeat(labels[:1], wanted.shape[0])
    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=500)
    guess: Labels = model.fit(features, labels).predict(wanted)
    return guess
