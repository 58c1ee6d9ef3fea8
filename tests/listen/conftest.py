"""Fixtures of the listen room: listeners that hear with the tiny bundle."""

from pathlib import Path

import pytest
import soundfile

from corpus import music
from earmark import Listener, load_bundle
from tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="session")
def listener(tiny_folder: Path) -> Listener:
    return Listener(load_bundle(tiny_folder))


@pytest.fixture(scope="session")
def full_listener(tmp_path_factory: pytest.TempPathFactory) -> Listener:
    """One that hears tags and "none of these" too."""
    return Listener(load_bundle(write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "full", heads=True)))


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds, more than a window."""
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, music(rate_hz=22_050, length_s=40), 22_050)
    return path
