"""Fixtures: one file of every kind, and folders of them with a collection."""

import importlib.util
from pathlib import Path

import pytest

from tagged import MAKERS, NEEDS_PYAV, make
from tagging import Shelf, shelf


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each kind that can be made here, to be read alone."""
    folder = tmp_path_factory.mktemp("tagged")
    with_pyav = importlib.util.find_spec("av") is not None
    return {kind: make(kind, folder) for kind, (suffix, _) in MAKERS.items() if with_pyav or suffix not in NEEDS_PYAV}


@pytest.fixture
def two(files: dict[str, Path], tmp_path: Path) -> Shelf:
    """An mp3 and a flac."""
    return shelf(tmp_path / "shelf", [files["mp3, ID3v2.3"], files["flac"]])
