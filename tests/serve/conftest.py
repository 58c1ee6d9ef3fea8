"""Fixtures of the room that serves: one server for all its tests, and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from served import Music, Server, make_music, serving


@pytest.fixture(scope="session")
def music_served(tmp_path_factory: pytest.TempPathFactory) -> Music:
    """Eight pieces, their collection, and a small bundle."""
    return make_music(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def server(music_served: Music) -> Iterator[Server]:
    """A server of them, to be asked by all tests; what a test adds to it, it takes away."""
    with serving(music_served.settings()) as running:
        yield running


@pytest.fixture
def client(server: Server) -> httpx.Client:
    """A client of the server."""
    return server.client


@pytest.fixture(scope="session")
def song(music_served: Music) -> Path:
    """A piece of the collection as a file."""
    return music_served.folder / "piece 3.flac"
