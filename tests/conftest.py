"""Fixtures for every room's tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus import Case, make_corpus
from desk import lay_desk
from tiny_bundle import write_tiny_bundle

_DEFAULT_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def nothing_of_ones_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Words, collection and cached numbers of whoever runs the tests change none of them, and are not changed."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_WORDS", str(home / "words.json"))
        patch.setenv("EARMARK_CACHE", str(home / "heard"))
        patch.setenv("EARMARK_DB", str(home / "collection.db"))
        patch.setenv("EARMARK_SYNONYMS", str(home / "synonyms.toml"))
        patch.setenv("EARMARK_NEVER", str(home / "never.rules"))
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real music, as spectrograms; without it the test is skipped."""
    folder = Path(os.environ.get("EARMARK_DATA", _DEFAULT_DATA))
    if not (folder / "gtzan" / "clips.csv").is_file():
        pytest.skip(f"needs real music: no gtzan/clips.csv in {folder} (set EARMARK_DATA to the data folder)")
    return folder


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """Good, odd and bad sound files by name; see corpus.py."""
    return make_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny bundle, to be read alone."""
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture(scope="session")
def laid_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a reader of the documents sits, to be copied; see desk.py."""
    return lay_desk(tmp_path_factory.mktemp("laid") / "desk")
