"""Words: who judges them, how well they are told, and which are not told at all."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.data.dataset import Clip
from earmark.data.teacher import Hearing, Teacher
from earmark.errors import DataError
from earmark.evaluate import words
from earmark.evaluate.judging import Bench, Heard, Judgement
from earmark.evaluate.tag_times import PAIRS, RIGHT
from earmark.evaluate.vocabulary import Label, Output, Word
from earmark.evaluate.words import LEAST_SAID, Words, fit_words, scores_of
from earmark.listen.heads import PEOPLE, TEACHER

CLIPS = 400
ARTISTS = [f"artist {clip % 80}" for clip in range(CLIPS)]
FOLDS = np.arange(CLIPS) % 80 % 4
SEEDS = np.zeros(CLIPS, dtype=np.int64)
HAS_IT = np.arange(CLIPS) % 10 == 0  # of 40 clips by 8 artists a set, 80 clips
FLUTE = Word("flute", "instrument", (Output("ears", "Flute"), Output("styles", "Flutes")), (Label("a", "kind", "F"),))


def clip(number: int, name: str = "a", kind: str = "") -> Clip:
    return Clip(str(number), Path(name), None, ARTISTS[number], {"kind": kind})


def labelled(right: NDArray[np.bool_], name: str = "a") -> list[Clip]:
    return [clip(number, name, "F; other" if yes else "other") for number, yes in enumerate(right)]


def heard(highest: NDArray[np.float64], mean: NDArray[np.float64] | None = None) -> dict[str, Heard]:
    mean = highest if mean is None else mean
    return {"ears": Heard(("Flute",), highest[:, None], mean[:, None])}


def spread(share: float = 0.1) -> NDArray[np.bool_]:
    """So many clips, of all artists alike."""
    return np.asarray(np.random.default_rng(0).permutation(CLIPS) < share * CLIPS)


def fitted(clips: list[Clip], teachers: dict[str, Heard], tags: NDArray[np.float64], *more: Word) -> Words:
    said = {"tags": np.stack([tags, tags], axis=1), "styles": np.zeros((CLIPS, 1))}
    outputs = {"tags": [Output("ears", "Flute"), Output("ears", "Harp")], "styles": [Output("styles", "Flutes")]}
    bench, rng = Bench(clips, ARTISTS, teachers), np.random.default_rng(0)
    return fit_words(said, outputs, [FLUTE, *more], bench, ARTISTS, FOLDS, seeds=SEEDS, rounds=50, rng=rng)


# Judges.


def test_people_judge_where_they_gave_labels_enough() -> None:
    right = spread()
    judged = Bench(labelled(right), ARTISTS, heard(np.ones(CLIPS))).judge(FLUTE)
    assert isinstance(judged, Judgement)
    assert (judged.by, judged.sources) == (PEOPLE, ("a",))
    assert judged.known.all()
    assert judged.positives.tolist() == right.tolist()


def test_clips_without_any_label_and_other_sets_say_nothing() -> None:
    clips = labelled(spread())
    clips[0] = clip(0)
    clips[1] = clip(1, "b", "other")
    judged = Bench(clips, ARTISTS, {}).judge(FLUTE)
    assert isinstance(judged, Judgement)
    assert np.flatnonzero(~judged.known).tolist() == [0, 1]


def test_the_teacher_judges_where_people_did_not() -> None:
    few = np.arange(CLIPS) < 5
    mean = np.linspace(0, 1, CLIPS)
    judged = Bench(labelled(few), ARTISTS, heard(np.full(CLIPS, 0.3), mean)).judge(FLUTE)
    assert isinstance(judged, Judgement)
    assert (judged.by, judged.sources) == (TEACHER, ("ears",))
    assert np.flatnonzero(judged.positives).tolist() == list(range(CLIPS - 40, CLIPS))  # a tenth, the strongest


def test_a_teacher_hears_what_one_of_its_windows_has() -> None:
    clips = [Clip(name, Path("a"), None, "") for name in ("solo", "none", "unknown")]
    windows = np.array([[-5.0], [3.0], [-5.0]])
    known = {"solo": Hearing(windows, np.zeros((0, 0))), "none": Hearing(windows[:1], np.zeros((0, 0)))}
    found = Heard.of({"a": Teacher(("Flute",), 3.0, 3.0, np.inf, 0, known)}, clips)
    assert found.highest[0, 0] == pytest.approx(1 / (1 + np.exp(-3)))
    assert found.mean[0, 0] < 0.4
    assert found.highest[1, 0] < 0.01
    assert np.isnan(found.highest[2, 0])


@pytest.mark.parametrize(
    ("right", "why"),
    [
        (np.arange(CLIPS) < 19, "too few: 19 clips of 19 artists by people"),
        (np.arange(CLIPS) % 80 < 9, "too few: 45 clips of 9 artists by people"),
    ],
)
def test_a_judge_of_few_clips_or_artists_is_none(right: NDArray[np.bool_], why: str) -> None:
    assert Bench(labelled(right), ARTISTS, {}).judge(FLUTE) == why
    assert Bench([clip(number) for number in range(CLIPS)], ARTISTS, {}).judge(FLUTE) == "nobody says it"


def test_differences_between_sets_help_no_word() -> None:
    right, second = np.zeros(CLIPS, bool), np.arange(CLIPS) >= CLIPS // 2
    right[:20], right[-150:] = True, True
    sets = second.astype(np.int64)
    judged = Judgement(PEOPLE, ("a", "b"), np.ones(CLIPS, bool), right, sets)
    scores = np.where(second, 1.0, 0.0)  # knows the set, and nothing else
    assert judged.auc(scores, np.ones((1, CLIPS)))[0] == 0.5
    assert judged.auc(right * 1.0, np.ones((2, CLIPS))).tolist() == [1, 1]
    assert np.isnan(judged.auc(scores, np.zeros((1, CLIPS)))[0])


def test_each_set_counts_by_its_positives() -> None:
    right = np.array([True, True, True, False, True, False])
    judged = Judgement(PEOPLE, (), np.ones(6, bool), right, np.array([0, 0, 0, 0, 1, 1]))
    assert judged.auc(np.array([1.0, 1, 1, 0, 0, 1]), np.ones((1, 6)))[0] == pytest.approx(3 / 4)


# Words.


def test_a_word_that_people_hear_is_told_by_their_labels() -> None:
    right = spread()
    found = fitted(labelled(right), {}, 3.0 * right + np.random.default_rng(1).normal(size=CLIPS))
    assert found.info
    (flute,) = found.info.each
    assert (flute.name, flute.group, flute.judged_by, flute.positives) == ("flute", "instrument", PEOPLE, 40)
    assert 0.95 < flute.auc < 1
    assert found.info.auc_low < flute.auc < found.info.auc_high
    assert (found.info.people, found.info.n, found.info.n_artists) == ("a", CLIPS, 80)
    score = scores_of({"tags": np.stack([3.0 * right, right], 1), "styles": np.zeros((CLIPS, 1))}, found.mix["flute"])
    told = flute.calibration.probabilities(score)
    assert told[right].min() > 0.5 > told[~right].max()


def test_outputs_count_in_units_of_their_deviation() -> None:
    right = spread()
    tags = 3.0 * right + np.random.default_rng(1).normal(size=CLIPS)
    mix, louder = (fitted(labelled(right), {}, factor * tags) for factor in (1, 1000))
    assert louder.mix["flute"]["tags"]["0"] == pytest.approx(mix.mix["flute"]["tags"]["0"] / 1000, rel=1e-4)
    assert mix.mix["flute"]["tags"]["0"] == pytest.approx(1 / tags.std() / 2, rel=1e-4)
    assert mix.mix["flute"]["styles"] == {"0": 0.5}  # what never changes has no unit
    assert louder.info
    assert mix.info
    assert louder.info.each[0].auc == mix.info.each[0].auc


def test_how_right_the_seconds_are_is_taken_from_the_pairs_of_the_words_own_outputs() -> None:
    mix = {"tags": {"0": 0.5, "2": 0.1}, "styles": {"1": 1.0}}
    pairs = np.tile([30.0, 100.0, 20.0], (2, 1))
    said = {PAIRS: pairs, RIGHT: pairs * [0.9, 0.1, 0.6]}
    assert words._in_time(said, mix) == pytest.approx((2 * 27 + 2 * 12) / 100)
    assert words._in_time(said, {"tags": {"0": 0.5}}) is None  # 60 pairs are too few
    assert words._in_time(said, {"styles": {"1": 1.0}}) is None
    assert words._in_time({}, mix) is None


def test_words_that_cannot_be_told_are_left_out_with_the_reason() -> None:
    right, rng = spread(), np.random.default_rng(2)
    tags = 3.0 * right + rng.normal(size=CLIPS)
    clips = [replace(each, columns={**each.columns, "by": "H" if rng.random() < 0.2 else "x"}) for each in
             labelled(right)]  # fmt: skip
    harp = Word("harp", "instrument", (Output("ears", "Harp"),), (Label("a", "by", "H"),))
    lute = Word("lute", "instrument", (Output("ears", "Harp"),))
    found = fitted(clips, {}, tags, harp, lute)
    assert found.info
    assert found.info.names == ("flute",)
    assert set(found.mix) == {"flute"}
    assert found.left_out["lute"] == "nobody says it"
    assert found.left_out["harp"].startswith("told too badly: AUC 0.")
    none = fitted(clips, {}, rng.normal(size=CLIPS), harp)
    assert (none.info, none.mix, set(none.left_out)) == (None, {}, {"flute", "harp"})


def test_a_word_that_is_known_in_one_fold_alone_is_left_out() -> None:
    kinds = ["x", "F", "F"]
    clips = [clip(number, "a", "" if FOLDS[number] else kinds[number % 3]) for number in range(CLIPS)]
    found = fitted(clips, {}, np.random.default_rng(0).normal(size=CLIPS))
    assert found.left_out == {"flute": "known in one fold alone"}


def test_a_word_is_heard_from_where_it_is_more_often_right_than_not() -> None:
    shares = np.linspace(1, 0, 101)
    truth = np.arange(101) < 38
    assert words._threshold(shares, truth) == pytest.approx(shares[75])  # 38 of the first 76 are right
    assert words._threshold(shares, np.arange(101) < 30) == words.LIKELY  # so from 0.41 on
    assert words._threshold(shares, np.arange(101) < LEAST_SAID // 2 - 1) == words.LIKELY  # never so
    assert words._threshold(shares, np.ones(101, bool)) == words.HEARD


def test_heads_and_folds_that_do_not_fit_are_refused() -> None:
    bench = Bench(labelled(spread()), ARTISTS, {})
    outputs = {"tags": [Output("ears", "Flute")]}
    with pytest.raises(DataError, match="1 outputs are known"):
        fit_words({"tags": np.zeros((CLIPS, 2))}, outputs, [FLUTE], bench, ARTISTS, FOLDS, seeds=SEEDS,
                  rng=np.random.default_rng())  # fmt: skip
    with pytest.raises(DataError, match="two folds"):
        fit_words({"tags": np.zeros((CLIPS, 1))}, outputs, [FLUTE], bench, ARTISTS, SEEDS, seeds=SEEDS,
                  rng=np.random.default_rng())  # fmt: skip
