"""How large the page of `earmark serve` is, and how long a frame of its map takes, in a real browser.

A server of canned answers gives it a map of so many dots in clusters. A frame is the drawing that a turn of the wheel
or an arrow key causes, on this machine, without a graphics card; the median of many.

    PYTHONPATH=tests python benchmarks/page.py --dots 10000
"""

import argparse
import functools
import gzip
import http.server
import json
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

from browser import Page, browser
from earmark.plots.palette import GENRE_COLOURS
from earmark.serve.settings import Settings

FRAMES = 60
# Three callbacks of one frame, in the order in which they are asked for; the drawing is the one in the middle.
_FRAME = """
new Promise(async (done) => {
  const canvas = document.querySelector('.stage canvas');
  const times = [];
  for (let n = 0; n < %d; n++) {
    let start = 0;
    requestAnimationFrame(() => { start = performance.now(); });
    canvas.dispatchEvent(new %s);
    await new Promise((next) => requestAnimationFrame(() => { times.push(performance.now() - start); next(); }));
  }
  done(times);
})
"""


def chart(count: int) -> dict[str, Any]:
    """A map of clusters, as the server tells it."""
    rng = np.random.default_rng(0)
    genres = [f"genre {n}" for n in range(len(GENRE_COLOURS))]
    genre = rng.integers(0, len(genres), count)
    centres = rng.uniform(-0.8, 0.8, (len(genres), 3))
    places = np.clip(centres[genre] + rng.normal(0, 0.12, (count, 3)), -1, 1).round(4)
    ends = {side: [["piano", 0.5]] for side in ("right", "left", "up", "down")}
    plane = {
        "xy": places[:, :2].ravel().tolist(), "kept": 0.4, "kept_each": [0.4] * count, "goes_with": ends,
        "regions": [], "fine_regions": [],
    }  # fmt: skip
    axis = {"plus": [["piano", 0.5]], "minus": [["drums", -0.5]]}
    return {
        "kind": "collection", "model": "none 1", "count": count, "ids": [str(n) for n in range(count)],
        "titles": [f"Title {n}" for n in range(count)], "artists": [f"Artist {n % 99}" for n in range(count)],
        "genre": genre.tolist(), "genres": genres, "probability": [0.5] * count, "planes": {"flat": plane},
        "solid": {"xyz": places.ravel().tolist(), "explained": [0.2, 0.1, 0.1], "goes_with": [axis] * 3},
        "neighbours": {"count": 1, "rows": [[(n + 1) % count] for n in range(count)], "cosines": [[0.9]] * count},
        "chance": 0.001, "colours": [], "note": "",
    }  # fmt: skip


class Canned(http.server.SimpleHTTPRequestHandler):
    """The built page, and two answers."""

    answers: dict[str, bytes]

    def __init__(self, *rest: Any, answers: dict[str, bytes]) -> None:
        self.answers = answers
        super().__init__(*rest, directory=str(Settings().static))

    def do_GET(self) -> None:
        """A canned answer, or a file."""
        if self.path not in self.answers:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(self.answers[self.path])

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def frames(page: Page, event: str) -> float:
    """Median milliseconds of a frame after such an event."""
    return float(np.median(page.of(_FRAME % (FRAMES, event))))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dots", type=int, default=10_000)
    count = parser.parse_args().dots
    for kind in (".js", ".css", ".html"):
        size = sum(len(gzip.compress(file.read_bytes(), 9)) for file in Settings().static.rglob(f"*{kind}"))
        print(f"{kind[1:]} compressed: {size / 1000:.1f} kB")
    state = {
        "version": "0", "model": "none 1", "genres": [], "tags": [], "moods": [], "words": [], "no_collection": "",
        "collection": {"count": count}, "generate": False, "limits": {}, "suffixes": [],
    }  # fmt: skip
    answers = {"/api/state": json.dumps(state).encode(), "/api/map": json.dumps(chart(count)).encode()}
    handler = functools.partial(Canned, answers=answers)
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        tempfile.TemporaryDirectory() as profile,
        browser(Path(profile)) as page,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.visit(f"http://127.0.0.1:{server.server_port}/#/map", width=1400, height=900)
        page.wait_for("document.querySelector('.stage canvas')?.width > 500")
        page.drawn()
        wheel = "WheelEvent('wheel', {deltaY: n % 2 ? 40 : -40, clientX: 400, clientY: 400})"
        key = "KeyboardEvent('keydown', {key: n % 2 ? 'ArrowLeft' : 'ArrowRight'})"
        print(f"a frame of {count} dots, zoomed on a plane: {frames(page, wheel):.1f} ms")
        page.of(
            "(() => { const shape = document.querySelector('select.shape'); shape.value = 'solid'; "
            "shape.dispatchEvent(new Event('change')); })()"
        )
        print(f"a frame of {count} dots, turned in space: {frames(page, key):.1f} ms")
        server.shutdown()


if __name__ == "__main__":
    main()
