"""Folds, accuracy and predictions of the probe."""

from __future__ import annotations

import numpy as np
import pytest

from osmo.tasks.probe import Probe, balanced_accuracy, compared, folds_of


def test_folds_never_divide_a_group_and_are_of_like_size() -> None:
    groups = [f"g{n % 13}" for n in range(130)]
    folds = folds_of(groups, np.random.default_rng(0))
    assert len({(group, fold) for group, fold in zip(groups, folds.tolist(), strict=True)}) == 13
    sizes = np.bincount(folds)
    assert len(sizes) == 5 and sizes.max() - sizes.min() <= 10
    assert folds_of(["a", "b", "c"], np.random.default_rng(0)).max() == 2, "no more folds than groups"


@pytest.mark.parametrize(
    ("labels", "guess", "expected"),
    [
        ("aabb", "aabb", 1.0),
        ("aabb", "aaaa", 0.5),
        ("aaab", "aaaa", 0.5),
        ("aaab", "abbb", (1 / 3 + 1) / 2),
        ("aabc", "bbca", 0.0),
    ],
)
def test_balanced_accuracy_is_the_mean_recall(labels: str, guess: str, expected: float) -> None:
    assert balanced_accuracy(np.array(list(labels)), np.array(list(guess))) == pytest.approx(expected)


@pytest.mark.parametrize("pair", [("the amber road", "the birch road"), ("琥珀色的路", "白桦林的路")], ids=["en", "zh"])
def test_a_word_that_tells_the_label_is_read_in_either_language(pair: tuple[str, str]) -> None:
    labels = np.array(["a", "b"] * 30)
    texts = [pair[0] if label == "a" else pair[1] for label in labels]
    folds = folds_of([str(n // 6) for n in range(60)], np.random.default_rng(1))
    probe = Probe(texts, folds)
    assert balanced_accuracy(labels, probe.predict(labels)) == 1.0
    shuffled = np.random.default_rng(2).permutation(labels)
    assert balanced_accuracy(shuffled, probe.predict(shuffled)) < 0.75


def test_where_all_else_has_one_label_that_is_predicted_even_of_an_empty_text() -> None:
    folds = np.arange(40) // 10
    guess = Probe(["", *(f"text {n}" for n in range(39))], folds).predict(np.array(["b"] * 10 + ["a"] * 30))
    assert guess[:10].tolist() == ["a"] * 10


def test_equal_predictions_differ_by_nothing() -> None:
    labels = np.array(["a", "b"] * 20)
    groups = [str(n % 8) for n in range(40)]
    guess = np.array(["a"] * 40)
    one, other, difference = compared(labels, guess, guess, groups, np.random.default_rng(0), 100)
    assert one == other and one.value == 0.5
    assert (difference.value, difference.low, difference.high) == (0.0, 0.0, 0.0)
    right, wrong, more = compared(labels, labels, guess, groups, np.random.default_rng(0), 100)
    assert (right.low, right.high) == (1.0, 1.0) and more.low > 0.0 and wrong.value == 0.5
