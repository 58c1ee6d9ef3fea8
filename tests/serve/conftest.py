"""Fixtures of the room that serves: one server for all its tests, and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from browser import CHROMIUM, Page, browser
from earmark.serve.settings import Settings
from paged import Visit
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


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser for the tests of the page."""
    if CHROMIUM is None:
        pytest.skip("no chromium is installed")
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="session")
def page_server(music_served: Music) -> Iterator[Server]:
    """A server with the page as it is built."""
    with serving(music_served.settings(static=Settings().static)) as running:
        yield running


@pytest.fixture
def visit(chromium: Page, page_server: Server) -> Iterator[Visit]:
    """The page of the server; at the end nothing has gone wrong in it, and the console shows no error."""
    chromium.complaints.clear()
    chromium.errors.clear()
    yield Visit(chromium, page_server.address)
    chromium.visit("about:blank")  # nothing goes on
    assert chromium.complaints == []
    assert chromium.errors == []
