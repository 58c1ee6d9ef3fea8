"""Heads on frozen vectors: what scores mean, that seconds agree with the track, and what a file of heads must be."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earmark.errors import BundleError
from earmark.listen.bundle import load_bundle
from earmark.listen.calibrate import Calibration, Platt
from earmark.listen.linear import (
    KINDS,
    MOOD,
    MULTI,
    NUMBER,
    SHARES,
    SINGLE,
    Layer,
    LinearHead,
    read_heads,
    text_of_heads,
    write_heads,
)
from tiny_bundle import write_tiny_bundle

NUMBERS, VECTOR = 6, 4
LABELS = ("calm", "dark", "loud")


def layer(labels: int = 3, seed: int = 0) -> Layer:
    rng = np.random.default_rng(seed)
    shapes = (NUMBERS, labels), (labels,), (VECTOR, labels), (labels,)
    return Layer(*(rng.normal(size=shape) for shape in shapes))


def head(kind: str, **changes: Any) -> LinearHead:
    """A head of three labels."""
    parts: dict[str, Any] = {
        SINGLE: {"calibration": Calibration(temperature=2.0, set_quantile=0.6, max_set=2)},
        MULTI: {"lines": (Platt(1.0, 0.5), Platt(2.0, 0.0), Platt(0.5, -1.0)), "told_from": (0.5, 0.2, 0.9)},
        SHARES: {"lines": (Platt(1.0, 0.5), Platt(2.0, 0.0), Platt(0.5, -1.0))},
        NUMBER: {"reach": (0.1, 0.5, 2.0)},
    }[kind]
    made: dict[str, Any] = {"name": "feel", "kind": kind, "labels": LABELS, "network": "abc", "layer": layer(), **parts}
    return LinearHead(**{**made, **changes})


def saying(*scores: float) -> Layer:
    """A layer that says this of all music."""
    count = len(scores)
    return Layer(np.zeros((NUMBERS, count)), np.array(scores), np.zeros((VECTOR, count)), np.array(scores))


def test_of_one_label_the_probabilities_sum_to_one_and_the_temperature_flattens_them() -> None:
    shares = head(SINGLE).probabilities(np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert shares.sum(axis=1) == pytest.approx([1, 1])
    assert shares[0] == pytest.approx(np.exp([1, 0, 0]) / (np.e + 2))
    assert shares[1] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("kind", [MULTI, SHARES])
def test_of_several_labels_each_has_a_line_of_its_own(kind: str) -> None:
    shares = head(kind).probabilities(np.array([0.0, 1.0, 2.0]))
    assert shares == pytest.approx([1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(-2)), 0.5])


def test_numbers_stay_between_minus_one_and_one() -> None:
    assert head(NUMBER).probabilities(np.array([-3.0, 0.25, 7.0])).tolist() == [-1.0, 0.25, 1.0]


def test_a_label_alone_is_told_by_its_set_and_not_where_the_set_is_too_large() -> None:
    numbers = np.zeros(NUMBERS)
    sure = head(SINGLE, layer=saying(0, 8, 0)).answer(numbers)
    assert (sure.labels[0].name, sure.told, sure.cannot_tell) == ("dark", ("dark",), False)
    torn = head(SINGLE, layer=saying(4, 4, -4)).answer(numbers)
    assert (torn.told, torn.cannot_tell) == (("calm", "dark"), False)
    calibration = Calibration(temperature=2.0, set_quantile=0.7, max_set=2)
    blank = head(SINGLE, layer=saying(0, 0, 0), calibration=calibration).answer(numbers)
    assert (blank.told, blank.cannot_tell) == (LABELS, True)


def test_several_labels_are_told_each_from_its_own_probability_on() -> None:
    answer = head(MULTI, layer=saying(-0.6, -0.6, 2.0)).answer(np.zeros(NUMBERS))
    probability = {label.name: label.probability for label in answer.labels}
    assert answer.told == ("dark",)  # 23 % of 20, where 48 % of 50 and 50 % of 90 are not told
    assert probability["dark"] < probability["calm"] < 0.5 <= probability["loud"]
    assert head(MULTI, layer=saying(-0.6, -0.6, 2.0), told_from=()).answer(np.zeros(NUMBERS)).told == ("loud",)


def test_a_number_has_the_range_that_it_was_measured_with_as_far_as_there_are_numbers() -> None:
    answer = head(NUMBER, layer=saying(0.3, 0.8, 0.0)).answer(np.zeros(NUMBERS))
    calm, dark, loud = (answer.numbers[name] for name in LABELS)
    assert (calm.value, calm.low, calm.high) == pytest.approx((0.3, 0.2, 0.4))
    assert (dark.value, dark.low, dark.high) == pytest.approx((0.8, 0.3, 1.0))
    assert (loud.low, loud.high) == (-1.0, 1.0)
    assert (answer.labels, answer.told) == ((), ())


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_of_the_seconds_is_the_answer_of_the_track(kind: str) -> None:
    rng = np.random.default_rng(1)
    numbers, vectors, weights = rng.normal(size=NUMBERS), rng.normal(size=(9, VECTOR)), rng.uniform(size=9)
    said = head(kind)
    heard: list[np.ndarray] = []

    class Watched(LinearHead):
        def probabilities(self, scores: np.ndarray) -> np.ndarray:
            heard.append(scores)
            return super().probabilities(scores)

    shares = Watched(**vars(said)).in_time(numbers, vectors, weights)
    assert shares.shape == (9, 3)
    (scores,) = heard
    assert np.average(scores, axis=0, weights=weights) == pytest.approx(said.layer.scores(numbers))
    # What one moment has before another is what its vector has.
    assert scores[1] - scores[0] == pytest.approx((vectors[1] - vectors[0]) @ said.layer.token_weights)


def test_a_moment_is_the_track_where_all_moments_are_alike() -> None:
    numbers, vectors = np.ones(NUMBERS), np.ones((5, VECTOR))
    said = head(SINGLE)
    track = said.probabilities(said.layer.scores(numbers))
    assert said.in_time(numbers, vectors, np.array([1, 0, 1, 2, 0.5])) == pytest.approx(np.tile(track, (5, 1)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_survives_a_file_to_six_digits(kind: str, tmp_path: Path) -> None:
    said = head(kind, role=MOOD, figures={"n": 3, "accuracy": 0.5})
    write_heads(tmp_path / "heads.json", [said, replace(said, name="fühlt")])
    first, second = read_heads(tmp_path / "heads.json")
    assert second.name == "fühlt"
    for name in ("name", "kind", "labels", "network", "calibration", "lines", "told_from", "reach", "role", "figures"):
        assert getattr(first, name) == getattr(said, name)
    for name, array in vars(said.layer).items():
        assert getattr(first.layer, name) == pytest.approx(array, rel=1e-5)
        assert (getattr(first.layer, name) != array).any()  # digits that nobody needs are left out
    assert text_of_heads([first, second]) == (tmp_path / "heads.json").read_text(encoding="utf-8")


def test_no_file_is_no_heads(tmp_path: Path) -> None:
    assert read_heads(tmp_path / "heads.json") == ()


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda values: values["heads"][0].pop(name) and None


def put(value: Any, *path: Any) -> Callable[[dict[str, Any]], None]:
    def change(values: Any) -> None:
        for step in path[:-1]:
            values = values[step]
        values[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda values: values.pop("schema"), "it lacks 'schema'"),
        (put(9, "schema"), "it has schema 9, and this earmark reads schema 1"),
        (lambda values: values.pop("heads"), "it lacks 'heads'"),
        (put("none", "heads"), "does not describe heads"),
        (put(None, "heads"), "does not describe heads"),
        (without("name"), "it lacks 'name'"),
        (without("layer"), "it lacks 'layer'"),
        (put("sum", "heads", 0, "kind"), "it has a head of kind 'sum'; there are single, multi, shares, number"),
        (put(["calm", "calm", "dark"], "heads", 0, "labels"), "labels are not different names"),
        (put([], "heads", 0, "labels"), "labels are not different names"),
        (put(["calm", "dark"], "heads", 0, "labels"), "'feel', whose parts do not fit its 2 labels"),
        (put(None, "heads", 0, "calibration"), "'feel', whose parts do not fit its 3 labels"),
        (put(-1.0, "heads", 0, "calibration", "temperature"), "temperature must be a positive number"),
        (put(1.0, "heads", 0, "calibration", "colour"), "does not describe heads"),
        (put([0.0, 1.0], "heads", 0, "layer", "offsets"), "it has a layer whose parts do not fit each other"),
        (put([1.0, 2.0], "heads", 0, "layer", "weights"), "it has a layer whose parts do not fit each other"),
        (put([[1.0, 2.0], [3.0]], "heads", 0, "layer", "weights"), "does not describe heads"),
        (put([0.0, float("nan"), 1.0], "heads", 0, "layer", "offsets"), "it has a layer with what is not a number"),
        (put(["a", "b", "c"], "heads", 0, "layer", "offsets"), "does not describe heads"),
    ],
)
def test_a_file_of_heads_that_is_broken_is_named_and_what_is_wrong_with_it(
    change: Callable[[dict[str, Any]], Any], words: str, tmp_path: Path
) -> None:
    file = tmp_path / "heads.json"
    values = json.loads(text_of_heads([head(SINGLE)]))
    change(values)
    file.write_text(json.dumps(values))
    with pytest.raises(BundleError, match=r"heads\.json does not describe heads: it") as caught:
        read_heads(file)
    assert words in str(caught.value)


@pytest.mark.parametrize(("content", "words"), [(b"{", "is not JSON"), (b"\xff\xfe", "is not JSON")])
def test_what_is_no_json_is_no_file_of_heads(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "heads.json").write_bytes(content)
    with pytest.raises(BundleError, match=words):
        read_heads(tmp_path / "heads.json")


@pytest.mark.parametrize("content", ["[]", "3", '"heads"', "null"])
def test_json_that_is_no_object_describes_no_heads(content: str, tmp_path: Path) -> None:
    (tmp_path / "heads.json").write_text(content)
    with pytest.raises(BundleError, match="does not describe heads"):
        read_heads(tmp_path / "heads.json")


def test_a_folder_in_the_place_of_the_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be read"):
        read_heads(tmp_path)


def test_a_head_of_another_network_is_refused_with_what_to_do(tmp_path: Path) -> None:
    bundle = load_bundle(write_tiny_bundle(tmp_path / "tiny"))
    write_heads(bundle.folder / "heads.json", [head(SINGLE)])
    words = r"'feel' in .*heads\.json was trained on the numbers of another network"
    with pytest.raises(BundleError, match=words) as no:
        assert bundle.heads
    assert "earmark train-head" in no.value.hint
    right = replace(head(SINGLE), network=bundle.info.sha256)
    assert right.checked(bundle.info.sha256, tmp_path) is right
