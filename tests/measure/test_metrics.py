"""Metrics against scikit-learn, by law, and on bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from earmark.measure import metrics

CLASSES = 5


def answers(seed: int = 0, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """(n, CLASSES) probabilities and (n,) labels that agree more often than chance."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(CLASSES, size=n)
    logits = rng.normal(size=(n, CLASSES)) + 1.2 * np.eye(CLASSES)[labels]
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize("seed", range(5))
def test_figures_agree_with_scikit_learn(seed: int) -> None:
    probabilities, labels = answers(seed)
    guess = probabilities.argmax(axis=1)
    assert metrics.accuracy(labels, guess) == pytest.approx(oracle.accuracy_score(labels, guess), abs=1e-12)
    assert metrics.balanced_accuracy(labels, guess) == pytest.approx(
        oracle.balanced_accuracy_score(labels, guess), abs=1e-12
    )
    assert metrics.macro_f1(labels, guess) == pytest.approx(oracle.f1_score(labels, guess, average="macro"), abs=1e-12)
    assert metrics.top_k(probabilities, labels, k=2) == pytest.approx(
        oracle.top_k_accuracy_score(labels, probabilities, k=2, labels=range(CLASSES)), abs=1e-12
    )
    assert np.array_equal(
        metrics.confusion(labels, guess, CLASSES), oracle.confusion_matrix(labels, guess, labels=range(CLASSES))
    )
    table = metrics.class_table(labels, guess, CLASSES)
    precision, recall, f1, support = oracle.precision_recall_fscore_support(labels, guess, labels=range(CLASSES))
    np.testing.assert_allclose(table.precision, precision, atol=1e-12)
    np.testing.assert_allclose(table.recall, recall, atol=1e-12)
    np.testing.assert_allclose(table.f1, f1, atol=1e-12)
    assert table.support.tolist() == support.tolist()


def test_classes_that_are_missing_are_counted_as_scikit_learn_counts_them() -> None:
    labels, guess = [0, 0, 1, 3], [0, 2, 1, 1]  # 2 is predicted alone, 3 is a label alone, 4 is neither
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        expected = oracle.balanced_accuracy_score(labels, guess)
    assert metrics.balanced_accuracy(labels, guess) == pytest.approx(expected, abs=1e-12)
    assert metrics.macro_f1(labels, guess) == pytest.approx(
        oracle.f1_score(labels, guess, average="macro", zero_division=0), abs=1e-12
    )
    assert metrics.class_table(labels, guess, 6).f1.shape == (6,)


@pytest.mark.parametrize("seed", range(3))
def test_brier_of_two_classes_is_twice_the_binary_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    yes = rng.random(100)
    labels = rng.integers(2, size=100)
    both = np.stack([1 - yes, yes], axis=1)
    assert metrics.brier(both, labels) == pytest.approx(2 * oracle.brier_score_loss(labels, yes), abs=1e-12)


def test_ece_of_four_answers_worked_out_by_hand() -> None:
    # Two answers at 0.9, one right: gap 0.4. Two at 0.6, both right: gap 0.4. One at exactly 1.0, right: gap 0.
    probabilities = [[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4], [1.0, 0.0]]
    assert metrics.ece(probabilities, [0, 1, 0, 0, 0], bins=15) == pytest.approx((2 * 0.4 + 2 * 0.4) / 5, abs=1e-12)


def test_opposite_errors_in_one_bin_cancel_and_in_two_bins_do_not() -> None:
    probabilities = [[0.9, 0.1], [0.7, 0.3]]
    labels = [1, 0]  # 0.9 too sure, 0.3 too shy
    assert metrics.ece(probabilities, labels, bins=1) == pytest.approx(0.3, abs=1e-12)
    assert metrics.ece(probabilities, labels, bins=15) == pytest.approx((0.9 + 0.3) / 2, abs=1e-12)


def test_an_answer_on_the_border_of_two_bins_belongs_to_the_lower() -> None:
    assert metrics.reliability([[0.5, 0.5], [0.75, 0.25]], [0, 0], bins=4).counts.tolist() == [0, 1, 1, 0]


def test_reliability_counts_every_answer_once_and_leaves_empty_bins_blank() -> None:
    probabilities, labels = answers()
    with np.errstate(all="raise"):  # a bin without answers is known as such, not divided by 0
        table = metrics.reliability(probabilities, labels, bins=15)
    assert table.counts.sum() == len(labels)
    assert np.isnan(table.confidence[table.counts == 0]).all()
    full = table.counts > 0
    assert (table.confidence[full] > table.edges[:-1][full]).all()
    assert (table.confidence[full] <= table.edges[1:][full]).all()


def test_a_perfect_answer_scores_one() -> None:
    labels = np.arange(20) % CLASSES
    perfect = np.eye(CLASSES)[labels]
    figures = metrics.summary(
        perfect, labels, [f"artist {i}" for i in range(20)], perfect > 0, rng=np.random.default_rng(0)
    )
    ones = ("accuracy", "accuracy_low", "accuracy_high", "balanced_accuracy", "macro_f1", "top2", "coverage")
    assert {name: figures[name] for name in ones} == dict.fromkeys(ones, 1.0)
    assert (figures["ece"], figures["brier"], figures["mean_set_size"], figures["n"]) == (0.0, 0.0, 1.0, 20)


def test_a_summary_holds_each_figure_under_its_name() -> None:
    probabilities, labels = answers(1)
    sets = probabilities > 0.2
    guess = probabilities.argmax(axis=1)
    figures = metrics.summary(
        probabilities, labels, [str(i // 100) for i in range(200)], sets, rng=np.random.default_rng(0)
    )
    low, high = figures.pop("accuracy_low"), figures.pop("accuracy_high")
    assert 0 < low < high < 1  # two artists are few, but more than one
    assert figures == {
        "n": 200,
        "artists": 2,
        "accuracy": metrics.accuracy(labels, guess),
        "balanced_accuracy": metrics.balanced_accuracy(labels, guess),
        "macro_f1": metrics.macro_f1(labels, guess),
        "ece": metrics.ece(probabilities, labels),
        "brier": metrics.brier(probabilities, labels),
        "top2": metrics.top_k(probabilities, labels, k=2),
        "coverage": metrics.coverage(sets, labels),
        "mean_set_size": metrics.mean_set_size(sets),
    }


def test_the_top_one_is_the_accuracy() -> None:
    probabilities, labels = answers()
    assert metrics.top_k(probabilities, labels, k=1) == metrics.accuracy(labels, probabilities.argmax(axis=1))


def test_a_flat_answer_is_no_hit_in_the_top_two() -> None:
    flat = np.full((10, CLASSES), 1 / CLASSES)
    assert metrics.top_k(flat, np.arange(10) % CLASSES, k=2) == 0.0


def test_the_weighted_ece_is_that_of_copies() -> None:
    rng = np.random.default_rng(0)
    shares, labels = rng.dirichlet(np.ones(4), 60), rng.integers(4, size=60)
    copies = rng.integers(0, 3, (5, 60))
    found = metrics.weighted_ece(shares, labels, copies)
    repeated = [np.repeat(np.arange(60), row) for row in copies]
    assert found == pytest.approx([metrics.ece(shares[rows], labels[rows]) for rows in repeated])
    assert np.isnan(metrics.weighted_ece(shares, labels, np.zeros((1, 60)))).all()
    with pytest.raises(ValueError, match="weights"):
        metrics.weighted_ece(shares, labels, np.ones(60))


def test_coverage_and_size_of_sets_worked_out_by_hand() -> None:
    sets = np.array([[True, False, True], [False, True, False], [True, True, True]])
    assert metrics.coverage(sets, [1, 1, 2]) == pytest.approx(2 / 3)
    assert metrics.mean_set_size(sets) == pytest.approx(2.0)


def test_the_interval_of_a_summary_holds_its_accuracy_and_repeats_with_its_seed() -> None:
    probabilities, labels = answers()
    artists = [f"artist {i // 4}" for i in range(len(labels))]
    first, second = (
        metrics.summary(probabilities, labels, artists, probabilities > 0.2, rng=np.random.default_rng(7))
        for _ in range(2)
    )
    assert first == second
    assert first["artists"] == 50
    assert 0 < first["accuracy_low"] < first["accuracy"] < first["accuracy_high"] < 1


def test_from_one_artist_nothing_follows_about_others() -> None:
    probabilities, labels = answers()
    figures = metrics.summary(
        probabilities, labels, ["one"] * len(labels), probabilities > 0.2, rng=np.random.default_rng(0)
    )
    assert (figures["accuracy_low"], figures["accuracy_high"]) == (0.0, 1.0)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60))
def test_figures_keep_their_bounds_and_do_not_depend_on_the_order(seed: int, n: int) -> None:
    probabilities, labels = answers(seed, n)
    order = np.random.default_rng(seed).permutation(n)
    guess = probabilities.argmax(axis=1)
    for figure in (
        metrics.accuracy(labels, guess),
        metrics.balanced_accuracy(labels, guess),
        metrics.macro_f1(labels, guess),
        metrics.ece(probabilities, labels),
        metrics.brier(probabilities, labels) / 2,
    ):
        assert 0 <= figure <= 1
    assert metrics.accuracy(labels, guess) <= metrics.top_k(probabilities, labels, k=2)
    assert metrics.top_k(probabilities, labels, k=CLASSES) == 1.0
    assert metrics.ece(probabilities, labels) == pytest.approx(metrics.ece(probabilities[order], labels[order]))
    assert metrics.brier(probabilities, labels) == pytest.approx(metrics.brier(probabilities[order], labels[order]))


@given(seed=st.integers(0, 2**32 - 1))
def test_renaming_the_classes_changes_no_figure(seed: int) -> None:
    probabilities, labels = answers(seed, 40)
    name = np.random.default_rng(seed).permutation(CLASSES)
    renamed = np.empty_like(probabilities)
    renamed[:, name] = probabilities
    before, after = probabilities.argmax(axis=1), renamed.argmax(axis=1)
    assert metrics.macro_f1(labels, before) == pytest.approx(metrics.macro_f1(name[labels], after))
    assert metrics.brier(probabilities, labels) == pytest.approx(metrics.brier(renamed, name[labels]))


HALF = [[0.5, 0.5]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.accuracy([], []), "labels must be"),
        (lambda: metrics.accuracy([0, 1], [0]), "one length"),
        (lambda: metrics.accuracy([0.0], [0.0]), "integers"),
        (lambda: metrics.accuracy([-1], [0]), "class numbers"),
        (lambda: metrics.accuracy([[0]], [[0]]), r"not \(1, 1\)"),
        (lambda: metrics.confusion([0], [3], 3), "from 0 to 2"),
        (lambda: metrics.ece(np.empty((0, 3)), []), "probabilities must be"),
        (lambda: metrics.ece([0.5, 0.5], [0, 1]), "probabilities must be"),
        (lambda: metrics.ece([[0.5, 0.1]], [0]), "sum to 1"),
        (lambda: metrics.ece([[1.5, -0.5]], [0]), "0 or more"),
        (lambda: metrics.ece([[np.nan, 1.0]], [0]), "sum to 1"),
        (lambda: metrics.ece(HALF, [2]), "from 0 to 1"),
        (lambda: metrics.ece(HALF, [0, 1]), "one length"),
        (lambda: metrics.ece(HALF, [0], bins=0), "bins"),
        (lambda: metrics.top_k(HALF, [0], k=0), "k must"),
        (lambda: metrics.brier(HALF, []), "labels must be"),
        (lambda: metrics.coverage(HALF, [0]), "bool"),
        (lambda: metrics.coverage([[True, False]], [2]), "labels must be class numbers from 0 to 1"),
        (lambda: metrics.coverage([[True, False]], [0, 1]), "one length"),
        (lambda: metrics.mean_set_size(np.empty((0, 2), dtype=bool)), "sets must be"),
        (lambda: metrics.summary([], [], [], [], rng=np.random.default_rng(0)), "probabilities must be"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
