"""The vectors of tracks that a listener publishes: whitened by the bundle's atlas, of unit length."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from atlases import points, small_atlas
from earmark import Listener, load_bundle
from earmark.errors import BundleError
from earmark.listen.bundle import Bundle
from earmark.listen.whitening import Whitening
from earmark.sound import mel

RATE_HZ = mel.SAMPLE_RATE_HZ


def tone(length_s: float) -> NDArray[np.float32]:
    time_s = np.arange(round(RATE_HZ * length_s)) / RATE_HZ
    return (0.3 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)


@pytest.fixture
def placing(tiny_folder: Path, tmp_path: Path) -> Bundle:
    """The tiny bundle with an atlas of two clips, whose whitening takes 0.5 off each number."""
    bundle = load_bundle(shutil.copytree(tiny_folder, tmp_path / "bundle"))
    whitening = Whitening(np.full(128, 0.5, np.float32), np.eye(128, dtype=np.float32))
    atlas = small_atlas(points((1.0,), (2.0,)), sha256=bundle.info.sha256)
    replace(atlas, whitening=whitening).write(bundle.folder)
    return bundle


def test_a_vector_is_published_whitened_by_the_atlas_and_of_unit_length(placing: Bundle) -> None:
    found = Listener(placing).hear_with_vector(tone(9.0), sample_rate_hz=RATE_HZ)
    away = found.raw - 0.5
    assert found.vector == pytest.approx(away / np.linalg.norm(away), abs=1e-6)
    assert (found.vector.dtype, found.raw.dtype) == (np.float32, np.float32)
    (placing.folder / "atlas.npz").unlink()
    plain = Listener(placing).hear_with_vector(tone(9.0), sample_rate_hz=RATE_HZ)
    assert plain.raw.tolist() == plain.vector.tolist() == found.raw.tolist()
    assert plain.track == found.track


def test_a_broken_atlas_is_told_to_who_asks_for_a_vector_and_to_no_one_else(placing: Bundle) -> None:
    (placing.folder / "atlas.npz").write_bytes(b"something else")
    assert Listener(placing).hear(tone(3.0), sample_rate_hz=RATE_HZ).genres
    with pytest.raises(BundleError, match=r"atlas\.npz is no atlas"):
        Listener(placing).hear_with_vector(tone(3.0), sample_rate_hz=RATE_HZ)
