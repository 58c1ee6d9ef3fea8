"""Atlases: neighbours and means of places that are known, files that come back, and files that are refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlases import points, small_atlas
from earmark import load_bundle
from earmark.errors import BundleError
from earmark.listen.atlas import ATLAS_FILE, Atlas, as_stored, read_atlas, read_whitening
from earmark.listen.bundle import Bundle
from earmark.listen.whitening import Whitening
from tiny_bundle import write_tiny_bundle

WHITENING = Whitening(np.arange(128, dtype=np.float32), np.diag(np.arange(1, 129, dtype=np.float32)))


def rewritten(path: Path, *, leave_out: str) -> None:
    """Write an atlas anew without one of its parts."""
    with np.load(path) as table:
        arrays = {name: table[name] for name in table.files if name != leave_out}
    np.savez(path, **arrays)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(write_tiny_bundle(tmp_path))


def line() -> Atlas:
    """Four clips at 0, 1, 2 and 3; the middle ones by one artist in two spellings, the others by nobody known."""
    vectors = points((0.0,), (1.0,), (2.0,), (3.0,))
    return small_atlas(vectors, artists=("", "The Twins", "the twins", ""), genres=("low", "low", "high", "Rock; Folk"))


def test_neighbours_come_nearest_first_with_their_distance() -> None:
    found = line().nearest(points((0.9,))[0], 4, per_artist=None)
    assert [neighbour.name for neighbour in found] == ["clip1", "clip0", "clip2", "clip3"]
    assert [neighbour.distance for neighbour in found] == pytest.approx([0.1, 0.9, 1.1, 2.1])
    said = {"name": "clip3", "set": "pieces", "artist": "", "title": "", "genre": "Rock; Folk"}
    assert found[3].to_dict() == said | {"distance": found[3].distance}


def test_an_artist_is_named_once_and_those_nobody_knows_each() -> None:
    assert [clip.name for clip in line().nearest(points((0.9,))[0], 4)] == ["clip1", "clip0", "clip3"]
    assert [clip.name for clip in line().nearest(points((0.9,))[0], 2)] == ["clip1", "clip0"]
    twice = line().nearest(points((0.9,))[0], 4, per_artist=2)
    assert len(twice) == 4


def test_distance_is_that_of_all_numbers_and_not_of_the_map() -> None:
    far = points((0.0,), (1.0,))
    far[0, 100] = 5
    assert small_atlas(far).nearest(points((0.0,))[0], 1)[0].name == "clip1"


def test_a_vector_is_placed_along_the_axes_from_the_centre() -> None:
    atlas = replace(line(), centre=points((1.0, 2.0))[0])
    assert atlas.place(points((4.0, 4.0, 5.0, 6.0))[0]).tolist() == [3.0, 2.0, 5.0]
    assert atlas.place(atlas.vectors).shape == (4, 3)


def test_a_genre_is_the_mean_of_its_clips_and_one_without_clips_has_none() -> None:
    means, places = line().genre_means(), replace(line(), places=line().places + 1).genre_places()
    assert list(means) == list(places) == ["low", "high"]
    assert (means["low"][0], means["high"][0]) == (0.5, 2.0)
    assert (places["low"][0], places["high"][0]) == (1.5, 3.0)


def test_an_atlas_comes_back_as_it_was_written(bundle: Bundle) -> None:
    atlas = small_atlas(
        np.random.default_rng(0).normal(size=(5, 128)).astype(np.float32),
        sha256=bundle.info.sha256,
        titles=("", "Ünder <b>", "音楽", " ", "x" * 300),
    )
    atlas = replace(atlas, places=atlas.places + 1, whitening=WHITENING)
    assert atlas.write(bundle.folder) == bundle.folder / ATLAS_FILE
    found = read_atlas(bundle)
    assert found is not None
    for name in set(Atlas.__slots__) - {"whitening"}:
        assert np.array_equal(getattr(found, name), getattr(atlas, name)), name
    for whitening in (found.whitening, read_whitening(bundle)):
        assert whitening is not None
        assert np.array_equal(whitening.mean, WHITENING.mean)
        assert np.array_equal(whitening.matrix, WHITENING.matrix)
    assert {found.vectors.dtype, found.places.dtype} == {np.dtype(np.float16)}
    assert {found.axes.dtype, found.centre.dtype, found.filler.dtype} == {np.dtype(np.float32)}


def test_what_is_stored_is_within_a_hundredth_of_the_largest() -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 128)).astype(np.float32)
    kept = as_stored(vectors)
    assert (np.abs(kept - vectors).max(axis=0) <= np.abs(vectors).max(axis=0) / 120).all()
    assert np.array_equal(as_stored(kept), kept)


def test_the_same_atlas_is_the_same_file(bundle: Bundle, tmp_path: Path) -> None:
    line().write(tmp_path / "one")
    line().write(tmp_path / "two")
    assert (tmp_path / "one" / ATLAS_FILE).read_bytes() == (tmp_path / "two" / ATLAS_FILE).read_bytes()


def test_a_bundle_may_have_no_atlas(bundle: Bundle) -> None:
    assert read_atlas(bundle) is None
    assert read_whitening(bundle) is None


def test_an_atlas_made_before_there_was_a_whitening_is_read_and_its_clips_are_placed(bundle: Bundle) -> None:
    path = replace(line(), network_sha256=bundle.info.sha256, centre=points((1.0,))[0]).write(bundle.folder)
    rewritten(path, leave_out="places")
    found = read_atlas(bundle)
    assert found is not None
    assert found.whitening is None
    assert read_whitening(bundle) is None
    assert found.places[:, 0].tolist() == [-1.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize("part", ["whitening_mean", "whitening_matrix", "places"])
def test_an_atlas_with_half_a_whitening_is_refused(bundle: Bundle, part: str) -> None:
    path = replace(line(), network_sha256=bundle.info.sha256, whitening=WHITENING).write(bundle.folder)
    rewritten(path, leave_out=part)
    with pytest.raises(BundleError, match=r"atlas\.npz is no atlas: it lacks a part .*Make it again"):
        read_atlas(bundle)


def test_an_atlas_of_another_network_is_refused_with_the_command_that_makes_one(bundle: Bundle) -> None:
    replace(line(), network_sha256="0" * 64).write(bundle.folder)
    for read in (read_atlas, read_whitening):
        with pytest.raises(BundleError, match=r"made with another network.*earmark model atlas --data SET --model"):
            read(bundle)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_atlas_is_refused(bundle: Bundle, content: bytes) -> None:
    (bundle.folder / ATLAS_FILE).write_bytes(content)
    with pytest.raises(BundleError, match=r"atlas\.npz is no atlas: it .*Make it again"):
        read_atlas(bundle)


def test_a_torn_file_is_refused(bundle: Bundle) -> None:
    path = line().write(bundle.folder)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(40) + whole[middle + 40 :])
    with pytest.raises(BundleError, match=r"is no atlas: it is broken\."):
        read_atlas(bundle)


def test_nothing_in_the_file_is_ever_run(bundle: Bundle) -> None:
    names = set(Atlas.__slots__) - {"whitening"}
    arrays: dict[str, Any] = {name: np.asarray(getattr(line(), name)) for name in names}
    np.savez(bundle.folder / ATLAS_FILE, **arrays | {"titles": np.array([print] * 4, dtype=object)})
    with pytest.raises(BundleError, match="is no atlas"):
        read_atlas(bundle)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"titles": ("one",)}, "the same of every clip"),
        ({"axes": np.zeros((2, 128), np.float32)}, "has axes"),
        ({"filler": np.full(128, np.nan, np.float32)}, "has filler"),
        ({"vectors": np.zeros((3, 128), np.float16)}, "has vectors"),
        ({"places": np.zeros((4, 2), np.float16)}, "has places"),
        ({"whitening": Whitening(np.zeros(3, np.float32), np.eye(3, dtype=np.float32))}, "not of 128 numbers"),
    ],
)
def test_parts_that_do_not_fit_are_refused(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(line(), **fields)
