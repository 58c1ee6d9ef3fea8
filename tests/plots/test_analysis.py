"""Pictures of attention and of explanations: what stands in them, and bad input."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from earmark.errors import MissingExtraError
from earmark.plots import analysis
from earmark.plots.analysis import Line
from earmark.plots.comparisons import Series
from earmark.plots.palette import ACCENT
from figure_laws import assert_nothing_cut_off, assert_same_bytes

NAN = float("nan")
GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
METHODS = ("attention", "attention × gradient", "integrated gradients", "occlusion", "leave one out", "random")
STAGES = ("genre head", "attention pooling", "whole network")


def steps(names: tuple[str, ...] = GENRES, *, seed: int = 0) -> Figure:
    means = np.random.default_rng(seed).dirichlet(np.full(20, 10.0), len(names))
    return analysis.attention_steps(means, means - 0.01, means + 0.01, names, uniform=0.05, step_s=1.5, title="t")


def lines(count: int = 6) -> list[Line]:
    x = np.linspace(0, 1, 21)
    found = []
    for place, name in enumerate(METHODS[:count]):
        values = np.exp(-x * (1 + place))
        found.append(Line(name, values.tolist(), (values - 0.05).tolist(), (values + 0.05).tolist(), place))
    return found


def curves() -> Figure:
    return analysis.curves(np.linspace(0, 1, 21), lines(), xlabel="taken away", ylabel="probability", legend="by")


def scores() -> Figure:
    rates = [0.8, 0.7, 0.6, 0.9, 0.85, 0.5]
    series = [Series("planted", rates, [rate - 0.1 for rate in rates], [rate + 0.1 for rate in rates], 0)]
    return analysis.scores(METHODS, series, label="hit rate", chance=0.5)


def similarity() -> Figure:
    values = np.random.default_rng(0).uniform(-1, 1, (6, 3))
    return analysis.similarity_map(values, values - 0.05, values + 0.05, METHODS, STAGES)


def all_figures() -> list[Figure]:
    return [steps(), curves(), scores(), similarity()]


def test_each_genre_has_a_panel_with_its_name_and_a_bar_a_step() -> None:
    panels = steps().axes
    assert [axes.get_title(loc="left") for axes in panels] == list(GENRES)
    assert [len(axes.patches) for axes in panels] == [20] * 10
    assert len({axes.get_ylim() for axes in panels}) == 1


def test_the_three_highest_steps_are_in_colour_and_say_their_numbers() -> None:
    means = np.full((1, 20), 0.04)
    means[0, [3, 11, 12]] = 0.1, 0.12, 0.08
    (axes,) = (
        axes
        for axes in analysis.attention_steps(means, means, means, ["a"], uniform=0.05, step_s=1.5).axes
        if axes.get_visible()
    )
    assert {text.get_text() for text in axes.texts} == {"3", "11", "12"}
    from matplotlib.colors import to_hex

    marked = [number for number, bar in enumerate(axes.patches) if to_hex(bar.get_facecolor()) == ACCENT]
    assert marked == [3, 11, 12]
    assert axes.patches[11].get_height() == pytest.approx(12)
    assert axes.get_xlabel() == "time step, 1.5 s each"


def test_what_every_step_would_have_is_a_dashed_line() -> None:
    for axes in steps().axes:
        (line,) = axes.get_lines()
        assert list(line.get_ydata()) == pytest.approx([5, 5])
        assert line.get_linestyle() == "--"


@pytest.mark.parametrize("seed", range(3))
def test_numbers_of_steps_cover_neither_each_other_nor_the_edge_of_their_panel(seed: int) -> None:
    figure = steps(seed=seed)
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
        assert all(box.y1 <= axes.bbox.y1 for box in boxes)


def test_the_legend_covers_no_label() -> None:
    figure = steps()
    figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    labels = [axes.xaxis.label.get_window_extent() for axes in figure.axes if axes.get_xlabel()]
    assert labels
    assert not [label for label in labels if legend.overlaps(label)]


def test_an_odd_number_of_genres_leaves_no_empty_frame() -> None:
    panels = steps(GENRES[:3]).axes
    assert [axes.get_visible() for axes in panels] == [True, True, True, False]
    assert [bool(axes.get_xlabel()) for axes in panels] == [False, True, True, False]


def test_curves_differ_in_colour_in_marker_and_in_dashes() -> None:
    drawn = curves().axes[0].get_lines()
    assert [line.get_label() for line in drawn] == list(METHODS)
    for look in (lambda line: line.get_color(), lambda line: line.get_marker()):
        assert len({look(line) for line in drawn}) == len(METHODS)
    assert len(set(map(str, analysis.DASHES))) == len(analysis.DASHES) >= len(METHODS)


def test_a_curve_has_a_band_from_its_lows_to_its_highs() -> None:
    figure = analysis.curves([0, 1], [Line("a", [0.5, 0.4], [0.3, 0.2], [0.8, 0.7], 0)], xlabel="x", ylabel="y")
    corners = figure.axes[0].collections[0].get_paths()[0].vertices
    assert {tuple(corner) for corner in corners} >= {(0, 0.3), (0, 0.8), (1, 0.2), (1, 0.7)}


def test_the_legend_of_curves_stands_beside_them_under_its_heading() -> None:
    figure = curves()
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert legend.get_title().get_text() == "by"
    assert legend.get_window_extent().x0 >= figure.axes[0].bbox.x1


def test_a_value_can_be_ruled_among_curves() -> None:
    axes = analysis.curves(np.linspace(0, 1, 21), lines(1), xlabel="", ylabel="", mark=0.1).axes[0]
    assert list(axes.get_lines()[-1].get_ydata()) == [0.1, 0.1]


def test_scores_are_from_0_to_1_with_chance_named_in_the_legend() -> None:
    figure = scores()
    (axes,) = figure.axes
    assert axes.get_xlim() == (0, 1)
    drawn = {line.get_label(): line.get_xdata() for line in axes.get_lines()}
    assert list(drawn["chance"]) == [0.5, 0.5]
    np.testing.assert_allclose(drawn["planted"][:2], [0.8, 0.7])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["planted", "chance"]


def test_a_correlation_stands_in_its_cell_with_its_interval() -> None:
    (axes,) = analysis.similarity_map(
        [[0.5, NAN], [-1.0, 0.0]], [[0.4, NAN], [-1.0, -0.1]], [[0.6, NAN], [-0.9, 0.1]], ["a", "b"], ["c", "d"]
    ).axes
    cells = [text.get_text() for text in axes.texts]
    assert cells == ["0.50\n0.40 to 0.60", "", "−1.00\n−1.00 to −0.90", "0.00\n−0.10 to 0.10"]
    image = axes.get_images()[0]
    assert (image.norm.vmin, image.norm.vmax) == (-1, 1)


def test_cells_hold_their_words() -> None:
    figure = similarity()
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_figure_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    assert_same_bytes(all_figures, tmp_path, suffix)


def test_nothing_is_cut_off_at_the_edge_of_a_picture(tmp_path: Path) -> None:
    assert all(figure.get_size_inches()[0] <= 9 for figure in all_figures())
    assert_nothing_cut_off(all_figures(), tmp_path)


def drawn_steps(means: object, lows: object, names: tuple[str, ...] = ("a",)) -> Figure:
    return analysis.attention_steps(means, lows, means, names, uniform=0.5, step_s=1.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: drawn_steps([[0.5, 0.5]], [[0.5]]), "means, lows and highs"),
        (lambda: drawn_steps([0.5, 0.5], [0.5, 0.5]), "means, lows and highs"),
        (lambda: drawn_steps([[0.5, 0.5]], [[0.5, 0.5]], GENRES), "means, lows and highs"),
        (lambda: drawn_steps(np.empty((1, 0)), np.empty((1, 0))), "not empty"),
        (lambda: drawn_steps(np.empty((0, 2)), np.empty((0, 2)), ()), "not empty"),
        (lambda: analysis.curves([0.0], [], xlabel="", ylabel=""), "no curves"),
        (lambda: analysis.curves([], lines(), xlabel="", ylabel=""), "no places"),
        (lambda: analysis.curves([0.0, 1.0], lines(1), xlabel="", ylabel=""), "curve attention"),
        (lambda: analysis.scores(METHODS, [], label="", chance=0.5), "no series"),
        (lambda: analysis.similarity_map([[0.1]], [[0.1]], [[0.1]], METHODS, STAGES), "values, lows and highs"),
        (lambda: analysis.similarity_map([], [], [], [], []), "not empty"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, module, None)
    for call in (steps, curves, scores, similarity):
        with pytest.raises(MissingExtraError, match="extra 'plots'"):
            call()


def test_the_module_itself_loads_no_matplotlib() -> None:
    code = "import sys, earmark.plots.analysis; print('matplotlib' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
