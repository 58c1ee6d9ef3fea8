"""Figures: what stands in them, that their files repeat to the byte, and bad input."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from earmark.errors import MissingExtraError, OutputError
from earmark.measure.metrics import reliability
from earmark.plots import figures
from earmark.plots.palette import rgb

LUMA = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709
GENRES = ("blues", "jazz", "metal")
ROWS = [
    {"epoch": 1, "loss": 2.3, "seconds": 4.0},
    {"epoch": 2, "loss": 1.9, "validation_loss": 2.0, "validation_accuracy": 0.3, "seconds": 4.0},
    {"epoch": 3, "loss": 1.5, "validation_loss": 1.8, "validation_accuracy": 0.5, "seconds": 4.0},
]


def diagram() -> Figure:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), size=300)
    table = reliability(probabilities, rng.integers(4, size=300))
    return figures.reliability_diagram(table.confidence, table.accuracy, table.counts, edges=table.edges, title="r")


def all_figures() -> list[Figure]:
    return [
        figures.confusion_matrix(np.arange(9).reshape(3, 3), GENRES, title="c"),
        figures.training_curves(ROWS, title="t"),
        diagram(),
    ]


def lines(axes) -> dict[str, list[float]]:
    return {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}


def test_a_confusion_matrix_shows_each_count_in_its_cell() -> None:
    (axes,) = figures.confusion_matrix([[5, 1, 0], [2, 7, 1], [0, 0, 9]], GENRES).axes
    cells = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axes.texts}
    assert [[cells[row, column] for column in range(3)] for row in range(3)] == [
        ["5", "1", "0"],
        ["2", "7", "1"],
        ["0", "0", "9"],
    ]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(GENRES)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "label")


def test_the_colour_of_a_cell_is_its_share_of_the_row_and_an_empty_row_stays_pale() -> None:
    (axes,) = figures.confusion_matrix([[1, 3, 0], [200, 600, 0], [0, 0, 0]], GENRES).axes
    drawn = np.asarray(axes.get_images()[0].get_array())
    np.testing.assert_allclose(drawn, [[0.25, 0.75, 0], [0.25, 0.75, 0], [0, 0, 0]])


@pytest.mark.parametrize("share", [0, 20, 30, 37, 39, 50, 70, 100])
def test_the_ink_of_a_cell_can_be_read_on_its_ground(share: int) -> None:
    (axes,) = figures.confusion_matrix([[share, 100 - share], [0, 0]], GENRES[:2]).axes
    image = axes.get_images()[0]
    for text in axes.texts:
        column, row = map(int, text.get_position())
        ground = np.asarray(image.cmap(image.norm(image.get_array()[row, column])))[:3]
        assert abs(LUMA @ ground - LUMA @ np.divide(rgb(text.get_color()), 255)) > 0.3


def test_curves_stand_in_the_panel_of_their_quantity() -> None:
    loss, accuracy = figures.training_curves(ROWS).axes
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy")
    assert lines(loss)["training"] == [2.3, 1.9, 1.5]
    assert np.isnan(lines(loss)["validation"][0])
    assert lines(loss)["validation"][1:] == [2.0, 1.8]
    assert list(lines(accuracy)) == ["validation"]


def test_a_part_of_the_data_has_one_colour_in_all_panels() -> None:
    loss, accuracy = figures.training_curves(ROWS).axes
    colours = {line.get_label(): line.get_color() for line in loss.get_lines()}
    assert accuracy.get_lines()[0].get_color() == colours["validation"] != colours["training"]


def test_a_reliability_diagram_shows_accuracy_as_bars_and_counts_below() -> None:
    table = reliability([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4]], [0, 1, 0], bins=5)
    above, below = figures.reliability_diagram(table.confidence, table.accuracy, table.counts, edges=table.edges).axes
    heights = [bar.get_height() for bar in above.patches]
    assert heights[2:] == pytest.approx([1.0, np.nan, 0.5], nan_ok=True)
    assert [bar.get_height() for bar in below.patches] == [0, 0, 1, 0, 2]
    assert lines(above)["perfect"] == [0, 1]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_figure_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for copy in ("first", "second"):
        for number, figure in enumerate(all_figures()):
            figures.save(figure, tmp_path / f"{copy}{number}{suffix}")
    for number in range(3):
        first = (tmp_path / f"first{number}{suffix}").read_bytes()
        assert first == (tmp_path / f"second{number}{suffix}").read_bytes()
        assert len(first) > 2000


def test_a_saved_picture_has_room_for_long_names(tmp_path: Path) -> None:
    names = [f"a rather long genre {number}" for number in range(10)]
    figures.save(figures.confusion_matrix(np.eye(10, dtype=int), names), tmp_path / "long.png")
    pixels = np.asarray(Image.open(tmp_path / "long.png").convert("L"))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (border == 255).all()  # nothing is cut off at the edge
    assert (pixels < 128).any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: figures.confusion_matrix([[1, 2, 3]], GENRES), "counts must be"),
        (lambda: figures.confusion_matrix(np.eye(2), GENRES), "counts must be"),
        (lambda: figures.training_curves([]), "no curves"),
        (lambda: figures.training_curves([{"epoch": 1, "seconds": 2.0}]), "no curves"),
        (lambda: figures.reliability_diagram([0.5], [0.5, 1.0], [1], edges=[0, 1]), "bins"),
        (lambda: figures.reliability_diagram([0.5], [0.5], [1], edges=[0, 0.5, 1]), "bins"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match="extra 'plots'"):
        figures.training_curves(ROWS)
    with pytest.raises(MissingExtraError, match="extra 'plots'"):
        figures.confusion_matrix(np.eye(3, dtype=int), GENRES)


def test_the_module_itself_loads_no_matplotlib() -> None:
    code = "import sys, earmark.plots.figures; print('matplotlib' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_picture_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "confusion.png").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"confusion\.png cannot be written \(No space left on device\)"):
        figures.save(figures.confusion_matrix(np.eye(3, dtype=int), GENRES), tmp_path / "confusion.png")
