"""Fixtures of the room: a small collection that was really heard, of music whose beats are known, and what reads it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from earmark.generate.asking import Ground
from earmark.generate.generator import Generator, load_generator
from earmark.generate.shelf import Shelf
from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.songs import Songs
from earmark.listen.bundle import load_bundle
from indexed import Desk, piece
from tiny_bundle import write_tiny_bundle
from tiny_generator import write_tiny_generator

LENGTH_S = 24.0


def never(path: Path) -> Heard:
    raise AssertionError(f"{path} is in the collection")


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Three pieces of 24 s with 120 beats a minute, indexed by the tiny bundle, which has a tiny generator."""
    folder = tmp_path_factory.mktemp("generate")
    bundle = write_tiny_bundle(folder / "tiny")
    write_tiny_generator(bundle)
    made = Desk(folder / "music", folder / "collection.db", bundle)
    for seed, name in enumerate(("one.flac", "two.wav", "three.ogg")):
        piece(made.folder / name, seed=seed, length_s=LENGTH_S, title=name.partition(".")[0].title())
    made.index()
    return made


@pytest.fixture(scope="session")
def collection(desk: Desk) -> Iterator[Collection]:
    """The collection of these."""
    with Collection.open(desk.db) as opened:
        yield opened


@pytest.fixture(scope="session")
def ground(collection: Collection) -> Ground:
    """What reads texts over it."""
    judge = Judge(collection)
    return Ground(collection, Lexicon(collection.names, [], ()), Songs(collection, judge, (), never), judge)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Where its stretches are kept."""
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(scope="session")
def generator(desk: Desk) -> Generator:
    """The tiny generator."""
    return load_generator(load_bundle(desk.bundle))
