"""The background of a bundle: made with the atlas, read back as it was, refused where it is another network's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark import load_bundle
from earmark.data import atlas as making
from earmark.data.atlas import make_atlas
from earmark.data.dataset import Dataset
from earmark.data.layout import picture_of_db, write_picture, write_rows
from earmark.errors import BundleError
from earmark.listen.background import BACKGROUND_FILE, Background, read_background
from earmark.listen.bundle import Bundle
from earmark.sound.mel import log_mel
from headed_bundle import write_headed_bundle
from tiny_bundle import LABELS
from trees import piece


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(write_headed_bundle(tmp_path / "bundle"))


def background(bundle: Bundle) -> Background:
    numbers = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float16)
    return Background(numbers, ("", "Zoë", "a & b"), bundle.info.sha256)


def test_a_bundle_may_have_none(bundle: Bundle) -> None:
    assert read_background(bundle) is None


def test_it_comes_back_as_it_was_written(bundle: Bundle) -> None:
    assert background(bundle).write(bundle.folder) == bundle.folder / BACKGROUND_FILE
    found = read_background(bundle)
    assert found is not None
    assert np.array_equal(found.numbers, background(bundle).numbers)
    assert found.numbers.dtype == np.float16
    assert found.artists == ("", "Zoë", "a & b")


def test_that_of_another_network_is_refused(bundle: Bundle) -> None:
    replace(background(bundle), network_sha256="b" * 64).write(bundle.folder)
    with pytest.raises(BundleError, match=r"another network than the one beside it.*earmark model atlas --data SET"):
        read_background(bundle)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_broken_one_is_named(bundle: Bundle, content: bytes | None) -> None:
    path = background(bundle).write(bundle.folder)
    path.write_bytes(path.read_bytes()[:-60] if content is None else content)
    with pytest.raises(BundleError, match=r"background\.npz is no background: it"):
        read_background(bundle)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"artists": np.array(["", "", ""])}, "lacks a part"),
        ({"numbers": np.zeros((3, 6)), "artists": np.array([""]), "network_sha256": "a"}, "same of every clip"),
        ({"numbers": np.full((1, 6), np.inf), "artists": np.array([""]), "network_sha256": "a"}, "not a number"),
    ],
)
def test_one_that_says_something_else_is_named(bundle: Bundle, parts: dict[str, object], said: str) -> None:
    np.savez(bundle.folder / BACKGROUND_FILE, **parts)  # type: ignore[arg-type]
    with pytest.raises(BundleError, match=said):
        read_background(bundle)


def test_making_an_atlas_keeps_some_of_its_clips_as_heads_read_them(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    rows = []
    for clip in range(6):
        write_picture(folder / f"mel/{clip}.png", picture_of_db(log_mel(piece(seed=clip))))
        artist = f"Artist {clip}" if clip else "unknown"
        rows.append({"id": str(clip), "genre": LABELS[clip % 3], "artist": artist})
    write_rows(folder / "clips.csv", rows)
    whole = make_atlas(bundle, [Dataset.load(folder)]).background
    assert whole is not None
    assert whole.artists == ("", *(f"Artist {clip}" for clip in range(1, 6)))
    assert whole.numbers.shape == (6, 131)
    monkeypatch.setattr(making, "BACKGROUND_CLIPS", 4)
    atlas = make_atlas(bundle, [Dataset.load(folder)])
    atlas.write(bundle.folder)
    found = read_background(bundle)
    assert found is not None
    rows_of = [whole.artists.index(artist) for artist in found.artists]
    assert rows_of == sorted(set(rows_of))
    assert np.array_equal(found.numbers, whole.numbers[rows_of])
    again = make_atlas(bundle, [Dataset.load(folder)]).background
    assert again is not None
    assert again.artists == found.artists


def test_the_bundle_that_ships_has_one_of_its_network() -> None:
    shipped = load_bundle()
    found = read_background(shipped)
    assert found is not None
    assert len(found.numbers) == making.BACKGROUND_CLIPS
    assert len(set(found.artists)) > 100
