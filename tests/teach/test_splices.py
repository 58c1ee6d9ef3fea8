"""Seconds of one clip in another are found by a head that knows what they sound like, and by no other."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.listen.linear import SINGLE
from earmark.listen.reading import Moments
from earmark.teach.crossfit import Question
from earmark.teach.fit import Penalty
from earmark.teach.splices import INSERTED, SPLICES, TOKENS, find_splices

CLIPS, ARTISTS, VECTOR = 60, 20, 8
PENALTY = Penalty(own=1.0, view=1.0)


def material(*, told: float = 3.0, told_in_time: float = 3.0, length: int = TOKENS + 3) -> tuple[Any, ...]:
    """Question, numbers, moments and folds, in which labels differ by so much in tracks and in their tokens."""
    rng = np.random.default_rng(0)
    label = np.arange(CLIPS) % ARTISTS % 3
    means = rng.normal(size=(3, VECTOR))
    numbers = (told * means[label] + rng.normal(size=(CLIPS, VECTOR))).astype(np.float32)
    moments = [
        Moments(
            np.arange(length) * 1.5,
            1.5,
            (told_in_time * means[one] + rng.normal(size=(length, VECTOR))).astype(np.float16),
            np.ones(length),
        )
        for one in label
    ]
    artists = tuple(f"artist {number % ARTISTS}" for number in range(CLIPS))
    folds = np.arange(CLIPS) % ARTISTS % 5
    return Question(SINGLE, ("a", "b", "c"), np.eye(3)[label], artists, VECTOR), numbers, moments, folds


def asked_of(
    question: Question, numbers: NDArray[np.float32], moments: Any, folds: NDArray[np.int64], penalty: Penalty = PENALTY
) -> dict[str, Any]:
    """By one network for all folds."""
    return find_splices(question, lambda fold: numbers, lambda fold: moments, folds, penalty)


def test_a_head_that_knows_finds_them() -> None:
    found = asked_of(*material())
    assert found["n"] == SPLICES
    assert found["found"] > 0.95
    assert found["chance"] == pytest.approx(INSERTED / TOKENS)


def test_where_tokens_say_nothing_they_are_found_as_often_as_by_chance() -> None:
    found = asked_of(*material(told_in_time=0.0))
    assert found["n"] == SPLICES
    assert found["found"] == pytest.approx(found["chance"], abs=0.08)


def test_a_head_of_random_weights_finds_them_as_often_as_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    from earmark.listen.linear import Layer
    from earmark.teach import splices

    rng = np.random.default_rng(1)

    def lot(question: Question, numbers: NDArray[np.float32], penalty: Penalty) -> Layer:
        """It is right about tracks, so that it is asked, and draws lots about tokens."""
        layer = fit(question, numbers, penalty)
        return Layer(layer.weights, layer.offsets, rng.normal(size=(VECTOR, 3)), np.zeros(3))

    fit = splices.fit
    monkeypatch.setattr(splices, "fit", lot)
    question, numbers, moments, folds = material(told_in_time=0.0)
    found = asked_of(question, numbers, moments, folds, PENALTY)
    assert found["found"] == pytest.approx(found["chance"], abs=0.08)


def test_a_head_that_knows_no_clip_is_asked_of_none() -> None:
    question, numbers, moments, folds = material(told=0.0)
    found = asked_of(question, numbers, moments, folds, Penalty(own=1e6, view=1e6))
    assert found == {"n": 0}


def test_clips_that_are_too_short_are_not_asked_of() -> None:
    assert asked_of(*material(length=TOKENS - 1)) == {"n": 0}


def test_both_clips_are_of_one_fold_of_which_the_head_heard_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from earmark.teach import splices

    question, numbers, moments, folds = material()
    learned: list[set[str]] = []
    fit, pair = splices.fit, splices._pair

    def watched(asked: Question, *rest: Any) -> Any:
        learned.append(set(asked.artists))
        return fit(asked, *rest)

    def paired(rng: np.random.Generator, rows: Any, truth: Any, artists: Any) -> tuple[int, int] | None:
        found = pair(rng, rows, truth, artists)
        assert found is not None
        host, guest = found
        assert folds[host] == folds[guest]
        assert truth[host] != truth[guest]
        assert artists[host] != artists[guest]
        assert not {artists[host], artists[guest]} & learned[-1]
        return found

    monkeypatch.setattr(splices, "fit", watched)
    monkeypatch.setattr(splices, "_pair", paired)
    assert asked_of(question, numbers, moments, folds, PENALTY)["n"] == SPLICES
    assert len(learned) == 5


def test_networks_of_folds_hear_their_own_clips() -> None:
    question, numbers, moments, folds = material()
    asked: list[int] = []

    def numbers_of(fold: int) -> NDArray[np.float32]:
        asked.append(fold)
        return np.asarray(numbers)

    found = find_splices(question, numbers_of, lambda fold: moments, folds, PENALTY)
    assert asked == [0, 1, 2, 3, 4]
    assert found == asked_of(question, numbers, moments, folds, PENALTY)


def test_clips_of_one_artist_or_of_one_label_make_no_pair() -> None:
    question, numbers, moments, _ = material()
    folds = np.arange(CLIPS) % ARTISTS  # one artist a fold, and one label
    assert asked_of(question, numbers, moments, folds, PENALTY) == {"n": 0}
    halves = np.arange(CLIPS) % 2
    assert asked_of(question, numbers, moments, halves, PENALTY)["n"] > 0
    mine = tuple(f"artist {number % 2}" for number in range(CLIPS))  # one artist a fold, and all labels
    assert asked_of(replace(question, artists=mine), numbers, moments, halves, PENALTY) == {"n": 0}
