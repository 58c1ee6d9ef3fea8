"""From a track's mean logits to one answer: it sums to 1, and no face of it contradicts another."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from earmark.listen.bundle import BundleInfo, Outputs
from earmark.listen.calibrate import Calibration, Platt, prediction_set, softmax
from earmark.listen.tally import Answer, Tally, _token_logits, answer
from earmark.sound.tokens import TOKEN_FRAMES, Window
from earmark.track import NONE, Track
from tiny_bundle import INFO, LABELS, OUTSIDE

LOGITS = arrays(np.float64, len(LABELS), elements=st.floats(-30, 30))
SURE = st.floats(-60, 60)
QUANTILES = st.floats(0, 1)


def calibrated(*, quantile: float, max_set: int = 2, slope: float = 1.0) -> BundleInfo:
    calibration = Calibration(temperature=1.5, set_quantile=0.8, max_set=max_set)
    outside = replace(OUTSIDE, calibration=Platt(slope, -0.5), set_quantile=quantile)
    return replace(INFO, calibration=calibration, outside=outside)


def as_track(said: Answer) -> Track:
    fields = {name: getattr(said, name) for name in ("genres", "genre_set", "cannot_tell", "outside", "none_of_these")}
    return Track(path="a", duration_s=1.0, decisive=(), timeline=(), model="tiny 1", **fields)


@given(LOGITS, SURE, QUANTILES, st.integers(1, 4))
def test_one_answer_contradicts_itself_nowhere(
    logits: NDArray[np.float64], none: float, quantile: float, max_set: int
) -> None:
    said = answer(calibrated(quantile=quantile, max_set=max_set), logits, none)
    track, best = as_track(said), said.answers[0]
    assert sum(label.probability for label in said.answers) == pytest.approx(1, abs=1e-5)
    assert sum(label.probability for label in track.genres_alone) == pytest.approx(1)
    assert said.genre_set[0] == best.name
    assert said.none_of_these == (best.name == NONE)
    assert said.cannot_tell == (len(said.genre_set) > max_set)
    places = [[label.name for label in said.answers].index(name) for name in said.genre_set]
    assert places == list(range(len(places)))  # the set is the most probable answers, in their order
    begins = "cannot tell" if said.cannot_tell else "none of the three" if said.none_of_these else best.name
    assert track.words.startswith(begins)
    assert Track.from_dict(track.to_dict()) == track


@given(LOGITS, SURE, QUANTILES)
def test_what_is_outside_does_not_reorder_the_genres(logits: NDArray[np.float64], none: float, quantile: float) -> None:
    whole = as_track(answer(calibrated(quantile=quantile), logits, none))
    alone = answer(replace(INFO, calibration=Calibration(temperature=1.5, set_quantile=0.8)), logits)
    shares = {label.name: label.probability for label in alone.genres}
    for label in whole.genres_alone:
        assert label.probability == pytest.approx(shares[label.name], rel=1e-4)


@given(LOGITS, SURE)
def test_a_bundle_that_does_not_tell_answers_with_its_genres_alone(logits: NDArray[np.float64], none: float) -> None:
    said = answer(INFO, logits, none)
    honest = softmax(logits / INFO.calibration.temperature)
    in_set = prediction_set(honest[np.newaxis], INFO.calibration.set_quantile)[0]
    assert (said.outside, said.none_of_these) == (None, False)
    assert {label.name: label.probability for label in said.genres} == pytest.approx(
        dict(zip(LABELS, honest, strict=True)), rel=1e-5
    )
    assert set(said.genre_set) == {label for label, inside in zip(LABELS, in_set, strict=True) if inside}


def test_a_bundle_of_the_first_schema_takes_its_set_by_the_quantile_of_the_genres() -> None:
    info = calibrated(quantile=0.5)
    assert info.outside
    old = replace(info, outside=replace(info.outside, set_quantile=None))
    assert (
        answer(old, [2.0, 0.0, 0.0], 0.5).genre_set == answer(calibrated(quantile=0.8), [2.0, 0.0, 0.0], 0.5).genre_set
    )


def test_tokens_are_told_alone_where_the_bundle_tells_them_alone() -> None:
    rng = np.random.default_rng(0)
    shapes = {"logits": (1, 3), "attention": (1, 4), "token_logits": (1, 4, 3), "vectors": (1, 4, 2), "vector": (1, 2)}
    said = Outputs(**{name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})
    assert _token_logits(said) is said.token_logits
    alone = rng.normal(size=(1, 4, 3)).astype(np.float32)
    assert _token_logits(replace(said, alone=alone)) is alone


class Told:
    """A bundle that hears every token alike, alone; its kernel machines hear the first genre from token 15 on."""

    info = INFO

    def __init__(self, *, opinion: bool) -> None:
        self.opinion = opinion

    def run(self, db: NDArray[np.float32]) -> Outputs:
        tokens = db.shape[2] // TOKEN_FRAMES
        same = np.zeros((1, tokens, 3), np.float32)
        told = same.copy()
        told[:, 15:, 0] = 0.3
        return Outputs(
            logits=np.float32([[3, 0, 0]]),
            attention=np.full((1, tokens), 1 / tokens, np.float32),
            token_logits=same,
            vectors=np.ones((1, tokens, 4), np.float32),
            vector=np.ones((1, 4), np.float32),
            alone=same,
            opinion_tokens=told if self.opinion else None,
        )


@pytest.mark.parametrize("opinion", [True, False])
def test_what_kernel_machines_hear_is_evidence_for_the_genre(opinion: bool) -> None:
    tally = Tally(Told(opinion=opinion))
    db = np.full((128, 20 * TOKEN_FRAMES), -10, np.float32)
    tally.add(Window(start_s=0.0, db=db, new_tokens=20, peak_db=30.0))
    track = tally.track("a", 29.5)
    said = np.array([moment.evidence for moment in track.timeline])
    assert said.sum() == pytest.approx(1, abs=1e-5)
    assert (said[15:] > 2 * said[0]).all() == opinion
    assert [moment.genre for moment in track.timeline] == ["high"] * 20  # alone they are what they were
    if opinion:
        assert min(segment.start_s for segment in track.decisive) > 15 * 1.47
        assert track.decisive[0].evidence > 0.2
    else:
        assert said == pytest.approx([0.05] * 20)
