"""The palette: light rises with amount, and neighbours in the list of genres can be told apart."""

import itertools

import numpy as np

from earmark.plots.palette import ACCENT, GENRE_COLOURS, QUIET, SEQUENTIAL, genre_colour, rgb, sequential_table


def lightness(colour: tuple[int, ...] | np.ndarray) -> float:
    return float(np.dot([0.2126, 0.7152, 0.0722], colour))


def test_the_scale_goes_through_its_anchors_and_rises_in_lightness() -> None:
    table = sequential_table()
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert tuple(table[0]) == rgb(SEQUENTIAL[0])
    assert tuple(table[-1]) == rgb(SEQUENTIAL[-1])
    assert (np.diff([lightness(colour) for colour in table]) > -0.5).all()


def test_colours_are_read_as_they_are_written() -> None:
    assert rgb("#102030") == (16, 32, 48)


def test_no_two_genres_of_eighteen_share_a_colour_and_the_next_begins_again() -> None:
    colours = [genre_colour(index) for index in range(18)]
    for one, other in itertools.combinations(colours, 2):
        assert np.abs(np.subtract(rgb(one), rgb(other))).sum() > 60
    assert genre_colour(18) == genre_colour(0) == GENRE_COLOURS[0]


def test_decisive_seconds_differ_from_others_on_the_axis_that_colour_blind_eyes_keep() -> None:
    red, _, blue = np.subtract(rgb(ACCENT), rgb(QUIET))
    assert red - blue > 200  # orange against blue-grey
