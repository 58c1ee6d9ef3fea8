"""Tags out of fold: calibrated, measured, and no row in its own calibration."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as oracle

from earmark.errors import DataError
from earmark.evaluate import calibration, tagging
from earmark.evaluate.tagging import HEARD, fit_tags, tag_precision
from earmark.listen.calibrate import sigmoid

Floats = NDArray[np.float64]
NAMES = ("jazz", "rock", "sad")
CLIPS = 600
ARTISTS = [f"artist {clip % 120}" for clip in range(CLIPS)]
FOLDS = np.arange(CLIPS) % 120 % 5


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def taught(*, noise: float = 0.0) -> tuple[Floats, Floats]:
    """(n, 3) of a network that says half of what its teacher says, and a bit more, and (n, 3) of the teacher."""
    teacher = rng(1).normal([-2, -1, -4], [1.5, 1, 0.5], (CLIPS, 3))
    return 0.5 * teacher + 1 + noise * rng(2).normal(size=teacher.shape), teacher


def tags(logits: Floats, teacher: Floats, **changes: Any) -> Any:
    given = {"artists": ARTISTS, "folds": FOLDS, "names": NAMES, "rounds": 200, "rng": rng(), **changes}
    return fit_tags(logits, teacher, **given)


def test_a_network_that_says_what_its_teacher_says_in_other_units_is_perfect() -> None:
    found = tags(*taught())
    assert found.names == NAMES
    for tag in found.each:
        assert (tag.auc, tag.correlation) == pytest.approx((1, 1))
        assert (tag.calibration.slope, tag.calibration.offset) == pytest.approx((2, -2), abs=0.01)
    assert (found.auc, found.auc_low, found.auc_high) == pytest.approx((1, 1, 1))
    assert found.calibration_error < 0.001
    assert (found.n, found.n_artists) == (CLIPS, 120)
    assert "5-fold" in found.protocol
    assert (found.teacher_licence, found.threshold) == ("ISC", HEARD)


def test_figures_are_those_of_scikit_learn_and_numpy_where_all_rows_share_one_line() -> None:
    logits, teacher = taught(noise=1.0)
    found = tags(logits, teacher)
    for column, tag in enumerate(found.each):
        highest = teacher[:, column] > np.quantile(teacher[:, column], 0.9)
        assert highest.sum() == CLIPS / 10
        # The lines of the folds differ a little, so the order of clips across folds may.
        assert tag.auc == pytest.approx(oracle.roc_auc_score(highest, logits[:, column]), abs=0.01)
        assert tag.correlation == pytest.approx(np.corrcoef(logits[:, column], teacher[:, column])[0, 1])
    assert found.auc_low < found.auc < found.auc_high
    assert found.auc == pytest.approx(np.mean([tag.auc for tag in found.each]))


def test_probabilities_mean_what_the_teachers_do() -> None:
    logits, teacher = taught(noise=1.0)
    found = tags(logits, teacher)
    for column, tag in enumerate(found.each):
        mean = tag.calibration.probabilities(logits[:, column]).mean()
        assert mean == pytest.approx(sigmoid(teacher[:, column]).mean(), abs=1e-4)
    assert found.calibration_error < 0.03


def test_a_network_that_knows_nothing_is_told_so() -> None:
    found = tags(rng(3).normal(size=(CLIPS, 3)), taught()[1], rounds=400)
    assert found.auc_low < 0.5 < found.auc_high
    assert abs(found.correlation) < 0.1


def test_a_folds_own_teacher_does_not_reach_its_calibration() -> None:
    logits, teacher = (values[:, 0] for values in taught(noise=0.5))
    parts = list(calibration.parts(np.zeros(CLIPS, dtype=np.int64), FOLDS))
    here = FOLDS == 2
    before = tagging._cross_fitted(logits, sigmoid(teacher), parts)
    after = tagging._cross_fitted(logits, sigmoid(np.where(here, -teacher, teacher)), parts)
    assert np.array_equal(before[here], after[here])
    assert not np.array_equal(before[~here], after[~here])


def test_three_seeds_count_each_clip_once() -> None:
    logits, teacher = taught(noise=0.5)
    seeds = np.repeat([0, 1, 2], CLIPS)
    folds = np.concatenate([FOLDS, (FOLDS + 1) % 5, (FOLDS + 2) % 5])
    found = tags(np.tile(logits, (3, 1)), np.tile(teacher, (3, 1)), artists=3 * ARTISTS, folds=folds, seeds=seeds)
    once = tags(logits, teacher)
    assert (found.n, found.n_artists) == (CLIPS, 120)
    assert found.auc == pytest.approx(once.auc, abs=1e-3)
    assert found.auc_high - found.auc_low == pytest.approx(once.auc_high - once.auc_low, rel=0.3)  # not narrower


def test_a_tag_that_the_network_never_changes_has_no_correlation() -> None:
    logits, teacher = taught()
    logits[:, 1] = -3.0
    found = tags(logits, teacher)
    assert found.each[1].correlation == 0
    assert 0.4 < found.each[1].auc < 0.6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"names": ("a", "b")}, "2 names do not fit"),
        ({"artists": ARTISTS[1:]}, "do not fit"),
        ({"folds": np.zeros(CLIPS, dtype=int)}, "two folds"),
        ({"artists": ["one"] * CLIPS}, "two artists"),
        ({"seeds": np.arange(CLIPS) % 5}, "two folds a seed"),
        ({"logits": np.full((CLIPS, 3), np.nan)}, "finite"),
        ({"logits": np.zeros(CLIPS)}, "logits must be"),
        ({"teacher": np.zeros((CLIPS, 3))}, "jazz, rock, sad alike in all clips"),
    ],
)
def test_tags_that_cannot_be_measured_are_refused_in_words(changes: dict[str, Any], words: str) -> None:
    logits, teacher = taught()
    given = {"logits": logits, "teacher": teacher} | changes
    with pytest.raises(DataError, match=words):
        tags(**given)


# Tags that are names of genres.


def test_precision_of_a_tag_worked_out_by_hand() -> None:
    probabilities = np.linspace(1, 0, 20)[:, None]
    genres = [{"Jazz"} if clip in (0, 2, 19) else {"Rap", "Folk"} for clip in range(20)]
    found = tag_precision(probabilities, ["jazz"], genres)
    assert found == {
        "jazz": {
            "genre": "Jazz",
            "n": 20,
            "base_rate": 0.15,
            "precision": 0.5,
            "average_precision": pytest.approx((1 + 2 / 3 + 3 / 20) / 3),
        }
    }


def test_tags_and_genres_that_are_not_there_are_left_out() -> None:
    genres = [{"Jazz"}] * 5 + [{"Blues"}] * 5
    found = tag_precision(rng().random((10, 2)), ["blues", "folk"], genres, pairs={"blues": "Blues", "folk": "Folk"})
    assert set(found) == {"blues"}
    assert tag_precision(rng().random((10, 1)), ["jazz"], [{"Jazz"}] * 10) == {}


def test_precision_needs_ten_clips_that_fit() -> None:
    with pytest.raises(DataError, match="at least ten"):
        tag_precision(np.zeros((9, 1)), ["jazz"], [{"Jazz"}] * 9)
    with pytest.raises(DataError, match="do not fit"):
        tag_precision(np.zeros((9, 1)), ["jazz"], [{"Jazz"}] * 10)
