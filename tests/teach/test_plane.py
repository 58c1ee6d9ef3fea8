"""Valence and arousal as quadrants say them: right and covered where the labels are told, drawn in where unsure."""

from pathlib import Path

import numpy as np
import pytest

from earmark.data.dataset import Clip
from earmark.listen.linear import SINGLE
from earmark.listen.reading import on_plane
from earmark.mood import QUADRANTS
from earmark.teach.crossfit import Question, Scores
from earmark.teach.plan import HeadPlan, Labels
from earmark.teach.plane import certainty_of, plane_of

CLIPS = 200


def scored(*, told: float) -> Scores:
    rng = np.random.default_rng(0)
    truth = np.eye(4)[np.arange(CLIPS) % 4]
    scores = told * truth + rng.normal(size=(CLIPS, 4))
    artists = tuple(map(str, range(CLIPS)))
    question = Question(SINGLE, QUADRANTS, truth, artists, 1)
    seeds, rows = np.zeros(CLIPS, np.int64), np.arange(CLIPS)
    return Scores(question, scores, truth, rows // 4 % 5, seeds, artists, rows, (1.0,))


@pytest.mark.parametrize(("quadrant", "place"), list(zip(QUADRANTS, [(1, 1), (-1, 1), (-1, -1), (1, -1)], strict=True)))
def test_a_quadrant_that_is_sure_lies_in_its_corner(quadrant: str, place: tuple[int, int]) -> None:
    shares = [float(name == quadrant) for name in QUADRANTS]
    assert on_plane(QUADRANTS, shares).tolist() == list(place)
    assert on_plane(QUADRANTS, [0.25] * 4).tolist() == [0.0, 0.0]


def test_the_better_quadrants_are_told_the_narrower_is_the_range_and_it_covers_what_it_promises() -> None:
    certain = np.full(CLIPS, 0.8)
    well, badly = (plane_of(scored(told=told), certain) for told in (6.0, 1.0))
    for name, good, poor in zip(("valence", "arousal"), well.reach, badly.reach, strict=True):
        assert good < poor
        assert well.figures[name]["sign"] > 0.95 > badly.figures[name]["sign"]
        assert well.figures[name]["correlation"] > badly.figures[name]["correlation"] > 0.1
        assert badly.figures[name]["coverage"] == pytest.approx(0.9, abs=0.05)


def test_how_far_out_a_song_lies_is_its_own() -> None:
    certain = np.where(np.arange(CLIPS) < 8, 0.0, 1.0)
    drawn, out = plane_of(scored(told=9.0), certain), plane_of(scored(told=9.0), np.ones(CLIPS))
    assert drawn.figures["valence"]["correlation"] < out.figures["valence"]["correlation"]


def test_certainty_is_read_from_the_set_and_full_where_it_says_nothing() -> None:
    plan = HeadPlan("quadrant", sets={"4q": Labels(certainty="sure"), "other": Labels()})
    clips = [
        Clip("1", Path("4q"), None, "", {"sure": "0.7"}),
        Clip("2", Path("4q"), None, "", {"sure": ""}),
        Clip("3", Path("other"), None, ""),
    ]
    assert certainty_of(plan, clips).tolist() == pytest.approx([0.6, 1.0, 1.0])
