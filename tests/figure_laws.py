"""What holds for every figure that is drawn for a file."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from earmark.plots.figures import save

DPI = 60  # enough to see what is wrong, and quick


def assert_same_bytes(draw: Callable[[], Sequence[Figure]], folder: Path, suffix: str) -> None:
    """Figures drawn twice are the same files."""
    once, again = (
        [_written(figure, folder / f"{copy}{number}{suffix}") for number, figure in enumerate(draw())]
        for copy in ("once", "again")
    )
    assert once
    assert once == again


def assert_nothing_cut_off(figures: Sequence[Figure], folder: Path) -> None:
    """No ink touches the edge of a picture."""
    for number, figure in enumerate(figures):
        file = folder / f"{number}.png"
        save(figure, file, dpi=DPI)
        pixels = np.asarray(Image.open(file).convert("L"))
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert (border == 255).all()


def _written(figure: Figure, file: Path) -> bytes:
    save(figure, file, dpi=DPI)
    return file.read_bytes()
