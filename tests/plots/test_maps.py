"""Pictures of the genres' space: what stands in them, that names do not cover each other, and bad input."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from earmark.errors import MissingExtraError
from earmark.plots import maps
from earmark.plots.palette import genre_colour, genre_marker
from figure_laws import assert_nothing_cut_off, assert_same_bytes

NAN = float("nan")
GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
MERGES = np.array([[1, 4, 0.5], [0, 3, 1.0], [5, 2, 2.0], [6, 7, 3.0]])  # of five
FEW = GENRES[:5]


def genre_map(count: int = 639, *, names: tuple[str, ...] = GENRES, seed: int = 0) -> Figure:
    """Clips round the means of their genres, of which two pairs are close together."""
    rng = np.random.default_rng(seed)
    means = rng.normal(0, 2, (len(names), 2))
    means[-1], means[-2] = means[0] + 0.2, means[1] - 0.3
    genres = rng.integers(len(names), size=count)
    points = means[genres] + rng.normal(0, 1.2, (count, 2))
    covariances = np.tile([[0.05, 0.02], [0.02, 0.03]], (len(names), 1, 1))
    return maps.genre_map(
        points, genres, names, means=means, covariances=covariances, explained=(0.231, 0.142), title="m"
    )


def neighbours() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, (10, 10))


def all_figures() -> list[Figure]:
    correlations = np.random.default_rng(1).uniform(-0.8, 0.8, (4, 2))
    return [
        genre_map(),
        maps.dendrogram(MERGES, FEW, title="d"),
        maps.neighbour_matrix(neighbours(), GENRES, title="n"),
        maps.axis_correlations(
            correlations, correlations - 0.1, correlations + 0.1, ["a", "b", "c", "a long one"], ["axis 1", "axis 2"]
        ),
    ]


def means_of(axes: Axes) -> list:
    """The large markers: lines of one point."""
    return [line for line in axes.get_lines() if len(line.get_xdata()) == 1]


@pytest.mark.parametrize("seed", range(4))
def test_names_on_the_map_cover_neither_each_other_nor_a_mean_nor_the_edge(seed: int) -> None:
    figure = genre_map(seed=seed)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    boxes = [text.get_window_extent() for text in axes.texts]
    assert sorted(text.get_text() for text in axes.texts) == sorted(GENRES)
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    places = axes.transData.transform([(line.get_xdata()[0], line.get_ydata()[0]) for line in means_of(axes)])
    assert len(places) == 10
    assert not [place for place in places for box in boxes if box.contains(*place)]
    assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in boxes)


def test_no_two_genres_of_ten_look_the_same_without_colour() -> None:
    drawn = means_of(genre_map().axes[0])
    assert [line.get_marker() for line in drawn] == [genre_marker(number) for number in range(10)]
    assert len({line.get_marker() for line in drawn}) == 10
    assert [line.get_color() for line in drawn] == [genre_colour(number) for number in range(10)]


def test_a_step_on_the_map_is_as_long_up_as_across_and_no_clip_is_cut_off() -> None:
    figure = genre_map()
    figure.draw_without_rendering()
    (axes,) = figure.axes
    origin, across, up = axes.transData.transform([(0, 0), (1, 0), (0, 1)])
    assert across[0] - origin[0] == pytest.approx(up[1] - origin[1], rel=1e-3)
    points = np.concatenate([cloud.get_offsets() for cloud in axes.collections])
    assert len(points) == 639
    inside = axes.transData.transform(points)
    assert (inside >= axes.bbox.min).all()
    assert (inside <= axes.bbox.max).all()


def test_axes_of_the_map_say_how_much_of_the_variance_they_have() -> None:
    (axes,) = genre_map().axes
    assert axes.get_xlabel() == "axis 1 (23 % of the variance)"
    assert axes.get_ylabel() == "axis 2 (14 % of the variance)"


def test_an_ellipse_holds_95_per_cent_of_where_the_mean_may_lie() -> None:
    rng = np.random.default_rng(0)
    covariance = np.array([[0.5, 0.3], [0.3, 0.4]])
    figure = maps.genre_map(
        [[-5.0, -5.0], [5.0, 5.0]], [0, 0], ["a"], means=[[1.0, 2.0]], covariances=[covariance], explained=(0.5, 0.5)
    )
    (region,) = (patch for patch in figure.axes[0].patches if isinstance(patch, Ellipse))
    draws = rng.multivariate_normal([1.0, 2.0], covariance, 4000) - region.get_center()
    turn = np.radians(region.get_angle())
    along = draws @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    held = ((2 * along / [region.get_width(), region.get_height()]) ** 2).sum(axis=1) <= 1
    assert held.mean() == pytest.approx(0.95, abs=0.01)


def test_a_genre_without_clips_has_its_mean_on_the_map_all_the_same() -> None:
    assert len(means_of(mapped(genres=[0, 0]).axes[0])) == 2


def test_each_group_of_a_tree_stands_together_so_that_no_lines_cross() -> None:
    order = maps.leaf_order(MERGES)
    assert sorted(order) == list(range(5))
    for group in ({1, 4}, {0, 3}, {1, 4, 2}):
        rows = [order.index(leaf) for leaf in group]
        assert max(rows) - min(rows) == len(group) - 1


def test_a_tree_joins_at_the_distances_it_was_given() -> None:
    (axes,) = maps.dendrogram(MERGES, FEW, label="cosine distance").axes
    brackets = [line for line in axes.get_lines() if len(line.get_xdata()) == 4]
    assert [line.get_xdata()[1] for line in brackets] == [0.5, 1.0, 2.0, 3.0]
    assert list(brackets[2].get_xdata()) == [0.5, 2.0, 2.0, 0.0]  # from where the pair was joined, and from a leaf
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names == [FEW[leaf] for leaf in maps.leaf_order(MERGES)]
    assert axes.get_xlabel() == "cosine distance"


def test_a_leaf_has_the_marker_of_its_genre_beside_its_name() -> None:
    (axes,) = maps.dendrogram(MERGES, FEW).axes
    for line in means_of(axes):
        row = int(line.get_ydata()[0])
        genre = FEW.index(axes.get_yticklabels()[row].get_text())
        assert (line.get_marker(), line.get_color()) == (genre_marker(genre), genre_colour(genre))


def test_genres_that_are_all_the_same_make_a_tree_too() -> None:
    (axes,) = maps.dendrogram([[0, 1, 0.0]], ["a", "b"]).axes
    assert axes.get_xlim() == (0, 1)


def test_neighbours_are_per_cent_and_no_genre_is_its_own() -> None:
    (axes,) = maps.neighbour_matrix([[1.0, 0.25, 0.996], [0, NAN, 1], [0.5, 0.5, 0]], GENRES[:3]).axes
    cells = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axes.texts}
    assert cells == {(0, 1): "25", (0, 2): "100", (1, 0): "0", (1, 2): "100", (2, 0): "50", (2, 1): "50"}
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(GENRES[:3])


def test_correlations_stand_as_they_are_between_minus_one_and_one() -> None:
    values = np.array([[0.5, -0.2], [NAN, 0.9]])
    (axes,) = maps.axis_correlations(values, values - 0.1, values + 0.1, ["tempo", "loudness"], ["x", "y"]).axes
    dots = {line.get_label(): line.get_xdata() for line in axes.get_lines()}
    np.testing.assert_allclose(dots["x"], [0.5, NAN])
    np.testing.assert_allclose(dots["y"], [-0.2, 0.9])
    assert axes.get_xlim() == (-1, 1)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["tempo", "loudness"]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_figure_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    assert_same_bytes(all_figures, tmp_path, suffix)


def test_nothing_is_cut_off_at_the_edge_of_a_picture(tmp_path: Path) -> None:
    assert all(figure.get_size_inches()[0] <= 9 for figure in all_figures())
    assert_nothing_cut_off(all_figures(), tmp_path)


def mapped(**changed: object) -> Figure:
    """A small map, with something changed in what it is drawn from."""
    given: dict = {
        "points": [[0.0, 1.0], [1.0, 0.0]],
        "genres": [0, 1],
        "names": ["a", "b"],
        "means": [[0.0, 1.0], [1.0, 0.0]],
        "covariances": np.zeros((2, 2, 2)),
        "explained": (0.5, 0.5),
        **changed,
    }
    return maps.genre_map(given.pop("points"), given.pop("genres"), given.pop("names"), **given)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mapped(points=[[0.0, 1.0, 2.0]] * 2), "points must be"),
        (lambda: mapped(points=np.empty((0, 2)), genres=[]), "points must be"),
        (lambda: mapped(genres=[0]), "points must be"),
        (lambda: mapped(genres=[0, 2]), "from 0 to 1"),
        (lambda: mapped(genres=[0, -1]), "from 0 to 1"),
        (lambda: mapped(genres=[0.0, 0.5]), "whole numbers"),
        (lambda: mapped(points=[[0.0, NAN], [0.0, 0.0]]), "finite"),
        (lambda: mapped(means=[[0.0, 1.0]]), "means must be"),
        (lambda: mapped(covariances=np.zeros((2, 2))), "covariances must be"),
        (lambda: mapped(explained=(0.5,)), "explained"),
        (lambda: maps.dendrogram([], ["a"]), "at least two"),
        (lambda: maps.dendrogram(MERGES, GENRES), "merges must be"),
        (lambda: maps.dendrogram([[0, 0, 1.0]], ["a", "b"]), "not two groups"),
        (lambda: maps.dendrogram([[0, 1, 1.0], [0, 2, 2.0]], ["a", "b", "c"]), "not two groups"),
        (lambda: maps.dendrogram([[0, 7, 1.0]], ["a", "b"]), "not two groups"),
        (lambda: maps.neighbour_matrix(np.eye(2), FEW), "shares must be"),
        (lambda: maps.neighbour_matrix(np.empty((0, 0)), []), "not empty"),
        (lambda: maps.neighbour_matrix(np.full((2, 2), 1.5), FEW[:2]), "from 0 to 1"),
        (lambda: maps.neighbour_matrix(np.full((2, 2), NAN), FEW[:2]), "from 0 to 1"),
        (lambda: maps.axis_correlations([[0.1]], [[0.0]], [[0.2, 0.3]], ["f"], ["x"]), "values, lows and highs"),
        (lambda: maps.axis_correlations(np.empty((0, 1)), np.empty((0, 1)), np.empty((0, 1)), [], ["x"]), "no systems"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, module, None)
    for call in (
        mapped,
        lambda: maps.dendrogram(MERGES, FEW),
        lambda: maps.neighbour_matrix(neighbours(), GENRES),
        lambda: maps.axis_correlations([[0.1]], [[0.0]], [[0.2]], ["f"], ["x"]),
    ):
        with pytest.raises(MissingExtraError, match="extra 'plots'"):
            call()


def test_the_module_itself_loads_no_matplotlib() -> None:
    code = "import sys, earmark.plots.maps; print('matplotlib' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
