"""The picture of what matters: what stands in it, and bad input."""

import pytest
from matplotlib.figure import Figure

from earmark.plots.importance import importance_bars


def test_the_largest_share_is_on_top_and_said_in_words() -> None:
    figure = importance_bars({"train.epochs": 0.25, "model.vector": 0.7, "augment.tokens": 0.05}, title="what matters")
    assert isinstance(figure, Figure)
    (axes,) = figure.axes
    assert axes.get_title() == "what matters"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["augment.tokens", "train.epochs", "model.vector"]
    assert [bar.get_width() for bar in axes.patches] == [0.05, 0.25, 0.7]
    assert [text.get_text() for text in axes.texts] == ["5%", "25%", "70%"]


def test_a_picture_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no options"):
        importance_bars({})
