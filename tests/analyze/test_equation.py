"""Equations of genres, on an atlas made by hand."""

import numpy as np
import pytest

import tiny_bundle
from earmark.analyze.equation import parse, solve
from earmark.errors import EarmarkError
from earmark.listen.atlas import Atlas
from earmark.listen.bundle import load_bundle

GENRES = ("low", "middle", "high")


@pytest.fixture
def bundle(tmp_path):
    tiny_bundle.write_tiny_bundle(tmp_path)
    return load_bundle(tmp_path)


def write_atlas(bundle):
    vectors = np.zeros((4, 128), np.float16)
    vectors[0, 0], vectors[1, 1], vectors[2, 2] = 1, 1, 1
    vectors[3, :3] = 1, -1, 1
    Atlas(
        labels=GENRES,
        names=("a", "b", "c", "d"),
        sets=("set",) * 4,
        artists=("Ann", "Ben", "Cid", "Dot"),
        titles=("One", "Two", "Three", "Four"),
        genres=("low", "middle", "high", ""),
        vectors=vectors,
        places=vectors[:, :3],
        centre=np.zeros(128, np.float32),
        axes=np.eye(3, 128, dtype=np.float32),
        explained=np.full(3, 1 / 3, np.float32),
        filler=np.zeros(128, np.float32),
        network_sha256=bundle.info.sha256,
    ).write(bundle.folder)


def test_the_point_is_where_the_terms_lead_and_its_clips_are_named(bundle):
    write_atlas(bundle)
    found = solve(bundle, "low - middle + high", clips=2)
    assert [clip.title for clip in found.clips] == ["Four", "One"]
    assert found.clips[0].distance == 0
    assert found.genres == ()  # all three are terms
    assert found.with_terms[0][0] in ("low", "high")
    assert found.to_dict()["terms"][1] == {"sign": -1, "genre": "middle"}
    # Of three unit vectors the centre is a third of each: low + high is two thirds of them, and minus one of middle.
    assert solve(bundle, "low + high").genres[0] == ("middle", pytest.approx((4 / 9 + 4 / 9 + 16 / 9) ** 0.5))


def test_a_bundle_without_an_atlas_says_how_to_make_one(bundle):
    with pytest.raises(EarmarkError, match="no atlas of clips to calculate with"):
        solve(bundle, "low - high")


def test_equations_are_read_with_any_signs_and_hyphens_in_names():
    genres = ("hip-hop", "blues", "pop")
    assert parse("hip-hop - blues", genres) == ((1, "hip-hop"), (-1, "blues"))
    assert parse("−pop + Blues +hip-hop", genres) == ((-1, "pop"), (1, "blues"), (1, "hip-hop"))
    assert parse("pop", genres) == ((1, "pop"),)


@pytest.mark.parametrize(
    ("equation", "words"),
    [("", "nothing to calculate"), ("blues - polka", "'polka' in the equation is no genre"), ("blues -", "'' in the")],
)
def test_what_is_no_equation_is_said_in_words(equation, words):
    with pytest.raises(EarmarkError, match=words):
        parse(equation, ("blues", "pop"))
