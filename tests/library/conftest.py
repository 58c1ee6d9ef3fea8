"""Fixtures of the library room: a collection that nobody heard, and where a test may write one."""

from pathlib import Path

import numpy as np
import pytest

from earmark.library.collection import Collection
from made_collection import opened


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's own collection is, in this test."""
    place = tmp_path / "own" / "collection.db"
    monkeypatch.setenv("EARMARK_DB", str(place))
    return place


@pytest.fixture(scope="session")
def made_collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Forty made-up entries in five clusters, to be read alone; `made_collection.make_collection` makes others."""
    return opened(tmp_path_factory.mktemp("made"), np.random.default_rng(0))
