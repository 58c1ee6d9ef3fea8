"""Text that has to fit into columns of a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from earmark.plots.cells import padded, shortened, shortened_path


@pytest.mark.parametrize(
    ("path", "width", "said"),
    [
        ("song.mp3", 20, "song.mp3"),
        ("The Beatles/Abbey Road/01 Come Together.mp3", 30, "The Beat…/01 Come Together.mp3"),
        ("The Beatles/Abbey Road/01 Come Together.mp3", 24, "…/01 Come Together.mp3"),
        ("The Beatles/Abbey Road/01 Come Together.mp3", 20, "01 Come Together.mp3"),
        ("The Beatles/Abbey Road/01 Come Together.mp3", 16, "01 Come Tog….mp3"),
        ("Symphony No. 9 in D minor - IV. Presto.flac", 40, "Symphony No. 9 in D minor - IV…esto.flac"),
        ("a sentence with a dot. and no suffix at all", 12, "a sentence …"),
        ("夜に駆ける - 夜に駆ける.mp3", 16, "夜に駆ける ….mp3"),
        ("夜に駆ける - 夜に駆ける.mp3", 15, "夜に駆ける….mp3"),
    ],
)
def test_a_path_keeps_the_start_of_its_name_and_its_suffix(path: str, width: int, said: str) -> None:
    assert shortened_path(path, width) == said


def test_letters_are_cut_as_they_are_seen() -> None:
    assert shortened("e\u0301e\u0301e\u0301e\u0301", 3) == "e\u0301e\u0301…"
    assert shortened("a👩\u200d🎤👩\u200d🎤b", 4) == "a👩\u200d🎤…"


@given(st.text(max_size=60), st.integers(8, 40))
def test_nothing_is_wider_than_it_may_be(text: str, width: int) -> None:
    name = "".join(letter for letter in text if letter.isprintable() and letter != "/")
    for said in (shortened(name, width), shortened_path(name, width), shortened_path(f"folder/{name}", width)):
        assert cell_len(said) <= width
    assert cell_len(padded(shortened(name, width), width)) == width


def test_what_is_wider_is_not_padded() -> None:
    assert padded("夜に", 3) == "夜に"
