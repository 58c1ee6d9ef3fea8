"""A server for tests: it listens on a port of its own in a thread of the test's process, with a worker beside.

Its collection is eight short pieces that a network of a few numbers heard, one of them with a picture; songs by five
artists, so that all that is asked of a collection has an answer.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import numpy as np
import soundfile
import uvicorn
from mutagen.flac import FLAC, Picture
from PIL import Image

from atlases import small_atlas
from corpus import music
from earmark import load_bundle
from earmark.listen.whitening import fit_whitening
from earmark.serve.app import create_app
from earmark.serve.service import Service
from earmark.serve.settings import Limits, Settings
from indexed import RATE_HZ, Desk
from moods import write_moody_bundle

USER, PASSWORD, TOKEN = "ada", "open sesame", "a-token-of-some-length"
LENGTH_S = 24.0
LIMITS = Limits(upload_bytes=20_000_000, sound_s=60.0, upload_s=5.0, idle_s=1.5, hear_s=20.0, waiting=8)


@dataclass(frozen=True)
class Music:
    """What is served: the bundle, the collection's file, the folder of its pieces, and that of a page."""

    bundle: Path
    db: Path
    folder: Path
    page: Path

    def settings(self, **changes: object) -> Settings:
        """For a server of it, with one worker."""
        told = {"static": self.page, "db": self.db, "model": self.bundle, "user": USER, "password": PASSWORD}
        return Settings(**{"workers": 1, "limits": LIMITS, **told, **changes})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    address: str
    client: httpx.Client
    service: Service

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])


def make_music(folder: Path) -> Music:
    """Write bundle, pieces and collection."""
    bundle = write_moody_bundle(folder / "bundle", timed=True)
    raw = np.random.default_rng(0).normal(size=(40, 128)).astype(np.float32)
    whitening = fit_whitening(raw)
    atlas = small_atlas(whitening.apply(raw), sha256=load_bundle(bundle).info.sha256)
    replace(atlas, whitening=whitening).write(bundle)
    pieces = folder / "pieces"
    pieces.mkdir()
    for seed in range(8):
        _write_piece(pieces / f"piece {seed}.flac", seed)
    _add_picture(pieces / "piece 0.flac", folder)
    desk = Desk(pieces, folder / "collection.db", bundle)
    desk.index()
    page = folder / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text('<title>page</title><meta name="csp-nonce" content="__CSP_NONCE__">')
    (page / "assets/page.js").write_text("void 0;")
    return Music(bundle, desk.db, pieces, page)


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    """Run a server until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(settings)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            with httpx.Client(base_url=address, timeout=60.0, trust_env=False) as client:
                _wait_until_well(client)
                yield Server(address, client, app.state.service)
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def _write_piece(file: Path, seed: int) -> None:
    """A piece that is no version of another: each is played at a speed of its own."""
    sound = music(rate_hz=RATE_HZ, length_s=LENGTH_S, seed=seed)
    rate_hz = RATE_HZ + 2000 * (seed - 4)
    count = round(LENGTH_S * rate_hz)
    with soundfile.SoundFile(file, "w", rate_hz, 2) as written:
        written.title, written.artist = f"Piece {seed}", f"Artist {seed % 5}"
        written.album, written.date = f"Album {seed % 3}", "1974"
        written.write(np.resize(sound, (count, 2)))


def _wait_until_well(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("The server does not become well.")


def _add_picture(file: Path, folder: Path) -> None:
    Image.new("RGB", (300, 200), "teal").save(folder / "cover.png")
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", (folder / "cover.png").read_bytes()
    furnished = FLAC(file)
    furnished.add_picture(picture)
    furnished.save()
