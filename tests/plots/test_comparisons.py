"""Pictures of systems side by side: what stands in them, that names do not cover each other, and bad input."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from earmark.errors import MissingExtraError
from earmark.plots import comparisons
from earmark.plots.comparisons import Series
from earmark.plots.palette import rgb
from figure_laws import assert_nothing_cut_off, assert_same_bytes

LUMA = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709
NAN = float("nan")
SYSTEMS = ("earmark", "a_system_with_a_long_name", "majority")
GENRES = ("blues", "jazz", "metal")
HONEST = Series("honest", [0.8, 0.7, 0.1], [0.75, 0.6, 0.05], [0.85, 0.8, 0.15], 0)
LEAKY = Series("random (leaky)", [0.9, NAN, 0.1], [0.85, NAN, 0.05], [0.95, NAN, 0.15], 1, hollow=True)


def crowd(count: int = 16, *, seed: int = 0) -> Figure:
    """Many points close together, as systems of one family are."""
    rng = np.random.default_rng(seed)
    x = 10 ** rng.normal(5.5, 0.5, count)
    names = [f"gru2020_parallel{number}" for number in range(count)]
    return comparisons.labelled_scatter(
        x, rng.normal(0.72, 0.05, count), names, xlabel="parameters", ylabel="accuracy, %", stressed=names[3]
    )


def all_figures() -> list[Figure]:
    return [
        comparisons.dots_with_intervals(SYSTEMS, [HONEST, LEAKY], label="accuracy, %", mark=0.0),
        comparisons.difference_map([[0.1, -0.2, 0.0]] * 3, SYSTEMS, GENRES),
        comparisons.confusion_multiples(dict.fromkeys(SYSTEMS, np.eye(3)), GENRES, columns=2),
        crowd(),
    ]


def boxes(figure: Figure) -> list:
    figure.draw_without_rendering()
    return [text.get_window_extent() for text in figure.axes[0].texts]


def test_each_system_has_a_dot_a_series_with_its_interval_in_per_cent() -> None:
    (axes,) = comparisons.dots_with_intervals(SYSTEMS, [HONEST, LEAKY], label="accuracy, %").axes
    dots = {line.get_label(): line for line in axes.get_lines()}
    np.testing.assert_allclose(dots["honest"].get_xdata(), [80, 70, 10])
    np.testing.assert_allclose(dots["random (leaky)"].get_xdata(), [90, NAN, 10])
    ends = [segment[:, 0].tolist() for segment in axes.collections[0].get_segments()]
    assert ends == [pytest.approx([75, 85]), pytest.approx([60, 80]), pytest.approx([5, 15])]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(SYSTEMS)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first system on top


def test_what_leaks_is_hollow_and_its_name_stands_in_the_legend() -> None:
    figure = comparisons.dots_with_intervals(SYSTEMS, [HONEST, LEAKY], label="accuracy, %")
    honest, leaky = figure.axes[0].get_lines()
    assert leaky.get_markerfacecolor() == "white" != honest.get_markerfacecolor()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["honest", "random (leaky)"]


def test_a_series_looks_the_same_whatever_stands_beside_it() -> None:
    both = comparisons.dots_with_intervals(SYSTEMS, [HONEST, LEAKY], label="l").axes[0].get_lines()[1]
    alone = comparisons.dots_with_intervals(SYSTEMS, [LEAKY], label="l").axes[0].get_lines()[0]
    assert (both.get_color(), both.get_marker()) == (alone.get_color(), alone.get_marker())


def test_a_difference_stands_in_its_cell_and_nothing_where_there_is_none() -> None:
    (axes,) = comparisons.difference_map([[0.101, -0.2, NAN], [0.0, -0.004, 0.6]], SYSTEMS[:2], GENRES).axes
    cells = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axes.texts}
    assert [[cells[row, column] for column in range(3)] for row in range(2)] == [["+10", "−20", ""], ["0", "0", "+60"]]


@pytest.mark.parametrize("points", range(-60, 61, 5))
def test_the_ink_of_a_difference_can_be_read_on_its_ground(points: int) -> None:
    (axes,) = comparisons.difference_map([[points / 100]], ["a"], ["b"]).axes
    image = axes.get_images()[0]
    ground = LUMA @ np.asarray(image.cmap(image.norm(image.get_array()[0, 0])))[:3]
    ink = {"white": 1.0, "black": 0.0}[axes.texts[0].get_color()]
    assert abs(ground - ink) > 0.3


def test_more_and_less_differ_in_colour_and_nothing_is_paper() -> None:
    (axes,) = comparisons.difference_map([[-0.3, 0.0, 0.3]], ["a"], GENRES).axes
    image = axes.get_images()[0]
    less, none, more = (np.asarray(image.cmap(image.norm(value)))[:3] for value in (-30, 0, 30))
    assert less[0] > less[2]  # red
    assert more[2] > more[0]  # blue
    assert none.min() > 0.9


def test_confusions_are_per_cent_of_the_row_and_an_empty_row_stays_empty() -> None:
    counts = {"one": [[3, 1, 0], [200, 600, 0], [0, 0, 0]], "two": np.eye(3)}
    first, second = comparisons.confusion_multiples(counts, GENRES).axes
    shown = {text.get_position(): text.get_text() for text in first.texts}
    assert shown == {(0, 0): "75", (1, 0): "25", (0, 1): "25", (1, 1): "75"}
    assert [axes.get_title() for axes in (first, second)] == ["one", "two"]


def test_the_last_line_of_confusions_leaves_no_empty_frames() -> None:
    figure = comparisons.confusion_multiples(dict.fromkeys(SYSTEMS, np.eye(3)), GENRES, columns=2)
    assert [axes.get_visible() for axes in figure.axes] == [True, True, True, False]


@pytest.mark.parametrize("seed", range(4))
def test_names_cover_neither_each_other_nor_a_point_nor_the_edge(seed: int) -> None:
    figure = crowd(seed=seed)
    names = boxes(figure)
    (axes,) = figure.axes
    assert len(names) == 16
    assert not [pair for pair in combinations(names, 2) if pair[0].overlaps(pair[1])]
    points = axes.transData.transform(axes.collections[0].get_offsets())
    assert not [point for point in points for box in names if box.contains(*point)]
    assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in names)


def test_the_stressed_name_has_a_colour_of_its_own() -> None:
    colours = {text.get_text(): text.get_color() for text in crowd().axes[0].texts}
    assert colours.pop("gru2020_parallel3") == comparisons.EMPHASIS
    assert set(colours.values()) == {comparisons.PLAIN}
    for colour in (comparisons.EMPHASIS, comparisons.PLAIN):
        assert LUMA @ np.divide(rgb(colour), 255) < 0.45  # dark enough on paper


def test_a_single_point_is_drawn_too() -> None:
    figure = comparisons.labelled_scatter([5.0], [0.5], ["alone"], xlabel="x", ylabel="y")
    low, high = figure.axes[0].get_xlim()
    assert low < 5 < high


def test_figures_along_a_logarithmic_axis_are_plain() -> None:
    figure = comparisons.labelled_scatter([0.02, 0.3], [0.5, 0.6], ["a", "b"], xlabel="x", ylabel="y")
    figure.draw_without_rendering()
    said = {tick.get_text() for tick in figure.axes[0].get_xticklabels()}
    assert {"0.02", "0.05", "0.1", "0.2"} <= said


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_figure_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    assert_same_bytes(all_figures, tmp_path, suffix)


def test_nothing_is_cut_off_at_the_edge_of_a_picture(tmp_path: Path) -> None:
    assert_nothing_cut_off(all_figures(), tmp_path)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: comparisons.dots_with_intervals([], [HONEST], label="l"), "no systems"),
        (lambda: comparisons.dots_with_intervals(SYSTEMS, [], label="l"), "no series"),
        (lambda: comparisons.dots_with_intervals(SYSTEMS[:2], [HONEST], label="l"), "series honest"),
        (lambda: comparisons.difference_map([[0.1]], SYSTEMS, GENRES), "differences must be"),
        (lambda: comparisons.difference_map(np.empty((0, 3)), [], GENRES), "not empty"),
        (lambda: comparisons.confusion_multiples({}, GENRES), "no matrices"),
        (lambda: comparisons.confusion_multiples({"a": np.eye(2)}, GENRES), "a: counts must be"),
        (lambda: comparisons.labelled_scatter([], [], [], xlabel="", ylabel=""), "one length"),
        (lambda: comparisons.labelled_scatter([1.0], [0.5, 0.6], ["a"], xlabel="", ylabel=""), "one length"),
        (lambda: comparisons.labelled_scatter([0.0], [0.5], ["a"], xlabel="", ylabel=""), "above 0"),
        (lambda: comparisons.labelled_scatter([1.0], [NAN], ["a"], xlabel="", ylabel=""), "finite"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, module, None)
    for call in (
        lambda: comparisons.dots_with_intervals(SYSTEMS, [HONEST], label="l"),
        lambda: comparisons.difference_map([[0.1]], ["a"], ["b"]),
        lambda: comparisons.confusion_multiples({"a": np.eye(3)}, GENRES),
        lambda: comparisons.labelled_scatter([1.0], [0.5], ["a"], xlabel="", ylabel=""),
    ):
        with pytest.raises(MissingExtraError, match="extra 'plots'"):
            call()


def test_the_module_itself_loads_no_matplotlib() -> None:
    code = "import sys, earmark.plots.comparisons; print('matplotlib' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
