"""Spectrograms side by side."""

from pathlib import Path

import numpy as np
import pytest

from earmark.plots.figures import save
from earmark.plots.spectra import spectrogram_grid

PICTURE = np.zeros((128, 20), np.float32)


def test_each_row_is_named_and_what_is_missing_stays_empty(tmp_path: Path) -> None:
    figure = spectrogram_grid({"jazz": [PICTURE, None], "rock": [PICTURE, PICTURE]}, ("real", "made"), frame_s=0.1)
    assert [axes.get_ylabel() for axes in figure.axes] == ["jazz", "", "rock", ""]
    assert [len(axes.images) for axes in figure.axes] == [1, 0, 1, 1]
    assert [axes.get_title() for axes in figure.axes[:2]] == ["real", "made"]
    save(figure, tmp_path / "one.png")
    save(figure, tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize("rows", [{}, {"jazz": [PICTURE]}])
def test_rows_that_do_not_fit_are_refused(rows: dict[str, list[np.ndarray]]) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="at least one row"):
        spectrogram_grid(rows, ("real", "made"), frame_s=0.1)
