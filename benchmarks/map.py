"""What a map costs and keeps: seconds of the layout, true neighbours kept, size of the page, milliseconds of a frame.

Vectors are those of the default bundle's reference clips (its atlas), and, where more are asked for, points between a
clip and one of its twenty nearest with a little noise: as crowded as a large collection, and nobody's music. With --db
the vectors are those of a collection. Seconds are processor time on one core. t-SNE of scikit-learn is the yardstick
up to --yardstick tracks. Frames are drawn in Chromium without a screen and without a graphics card
while the map is moved and zoomed, where there is one.

    OMP_NUM_THREADS=1 PYTHONPATH=tests python benchmarks/map.py [--tracks 1000 --tracks 10000] [--db FILE]
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from browser import CHROMIUM, browser
from earmark import load_bundle
from earmark.library.collection import Collection
from earmark.library.layout import Layout, lay_out
from earmark.library.nearest import Space
from earmark.library.neighbours import kept_share, nearest_on_plane, neighbours_of
from earmark.listen.atlas import read_atlas
from earmark.plots.collection_map import Answers, Dot, Plane, collection_page

Floats = NDArray[np.float32]

COLUMNS = 137  # answers of the default bundle
NOISE = 0.03
ASKED = 200  # points whose neighbours are looked for one by one
FRAMES = 120
MOVE = f"""new Promise((done) => {{
  const map = collectionMap, starts = [], draws = [];
  const step = () => {{
    const k = starts.length, now = performance.now();
    starts.push(now);
    map.see({{ ...map.whole, x: map.whole.x + 0.002 * k, scale: map.whole.scale * (1 + 0.01 * k) }});
    map.painter.draw(map.scene);
    map.painter.pen.getImageData(0, 0, 1, 1);
    draws.push(performance.now() - now);
    if (k < {FRAMES}) requestAnimationFrame(step); else done(draws);
  }};
  requestAnimationFrame(step);
}})"""


def main() -> None:
    """Measure and print, a line a number of tracks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, action="append")
    parser.add_argument("--db", type=Path, help="a collection, in the place of the atlas")
    parser.add_argument("--yardstick", type=int, default=2000)
    options = parser.parse_args()
    known = vectors_of(options.db)
    print(f"{len(known)} vectors of {options.db or 'the reference clips'}")
    for count in options.tracks or (1000, 10_000):
        report(known, count, yardstick=options.yardstick)


def vectors_of(db: Path | None) -> Floats:
    """All vectors, (n, 128) of unit length, in random order."""
    if db is None:
        atlas = read_atlas(load_bundle())
        assert atlas is not None
        vectors = atlas.vectors.astype(np.float32)
    else:
        with Collection.open(db) as collection:
            vectors = collection.vectors
    return unit(np.random.default_rng(0).permutation(vectors))


def between(known: Floats, count: int) -> Floats:
    """So many vectors: the first ones, or all and points between neighbours."""
    rng = np.random.default_rng(1)
    more = count - len(known)
    if more <= 0:
        return known[:count]
    near = neighbours_of(known, 20).rows
    one = rng.integers(0, len(known), more)
    other = near[one, rng.integers(0, near.shape[1], more)]
    part = rng.random((more, 1))
    made = part * known[one] + (1 - part) * known[other] + rng.normal(0, NOISE, (more, known.shape[1]))
    return np.concatenate([known, unit(made)])


def unit(vectors: NDArray[np.floating]) -> Floats:
    """Of length 1, float32."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def report(known: Floats, count: int, *, yardstick: int) -> None:
    """One line, and those of what is held against it."""
    vectors = between(known, count)
    start = time.process_time()
    layout = lay_out(vectors)
    took_s = time.process_time() - start
    chance = layout.neighbours.rows.shape[1] / (count - 1)
    print(
        f"{count} tracks: laid out in {took_s:.1f} s; of 10 true neighbours kept {100 * layout.curved.share:.1f} %,"
        f" on the principal plane {100 * layout.flat.share:.1f} %, by chance {100 * chance:.1f} %"
    )
    print(f"  true neighbours that an exact search finds, too: {100 * found_exactly(vectors, layout):.1f} %")
    if count <= yardstick:
        print_yardstick(vectors, layout)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "map.html"
        page.write_text("".join(page_of(layout, page)), encoding="utf-8")
        print(f"  page: {page.stat().st_size / 1e6:.2f} MB with {COLUMNS} answers")
        if CHROMIUM is not None:
            draws = frames_of(page, Path(folder))
            print(f"  frame: {np.median(draws):.1f} ms in the median, {np.quantile(draws, 0.95):.1f} ms at 95 %")


def found_exactly(vectors: Floats, layout: Layout) -> float:
    """The share of true neighbours that are those by mutual proximity to all points, of some points."""
    space, rows = Space.of(vectors), layout.neighbours.rows
    shares = []
    for row in np.linspace(0, len(vectors) - 1, ASKED, dtype=int).tolist():
        others = np.delete(np.arange(len(vectors)), row)
        near = space.nearest_first(vectors[row], others)
        exact = {each.row for each, _ in zip(near, range(rows.shape[1]), strict=False)}
        shares.append(len(exact & set(rows[row].tolist())) / len(exact))
    return float(np.mean(shares))


def print_yardstick(vectors: Floats, layout: Layout) -> None:
    """The same by scikit-learn's t-SNE."""
    from sklearn.manifold import TSNE

    start = time.process_time()
    places = TSNE(2, init="pca", random_state=0, n_jobs=1).fit_transform(vectors)
    took_s = time.process_time() - start
    rows = layout.neighbours.rows
    share = kept_share(rows, nearest_on_plane(places, rows.shape[1])).mean()
    print(f"  t-SNE of scikit-learn: {took_s:.1f} s, kept {100 * share:.1f} %")


def page_of(layout: Layout, page: Path) -> list[str]:
    """A page with made-up names and answers."""
    count, rng = len(layout.curved.positions), np.random.default_rng(0)
    dots = [
        Dot(
            f"/home/somebody/Music/Artist {n % 400:03}/Album {n % 1200:04}/{n:05} A song with a name.flac",
            f"A song with a name {n}",
            f"Artist {n % 400}",
            str(1960 + n % 60),
            200.0 + n % 100,
            f"genre {n % 18}",
            f"calm, melancholic {n % 60 + 40} %",
            (f"tag {n % 100}", f"tag {n % 37}", f"tag {n % 11}"),
            float(n % 180),
        )
        for n in range(count)
    ]
    columns = [("genres" if n < 19 else "style", f"answer {n}") for n in range(COLUMNS)]
    planes = [
        Plane(name, plane.positions, plane.kept, ((), (), (), ()), ((), ()))
        for name, plane in (("by neighbours", layout.curved), ("by main axes", layout.flat))
    ]
    near = layout.neighbours
    answers = Answers(columns, rng.random((count, COLUMNS)))
    return list(
        collection_page(dots, planes, answers, neighbours=near.rows, cosines=near.cosines, page=page, model="made up")
    )


def frames_of(page: Path, folder: Path) -> list[float]:
    """The milliseconds of each frame, drawn until it is in memory."""
    with browser(folder / "profile") as chromium:
        chromium.show(page, width=1360, height=850)
        return list(chromium.of(MOVE))


if __name__ == "__main__":
    main()
