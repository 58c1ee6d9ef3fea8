"""Whether the seconds that `earmark similar` shows are what makes two tracks alike: heard alone, beside random ones.

Each track of a collection asks for its nearest. The seconds that are shown of both are cut out and heard by themselves,
as if they were two tracks, and their vectors compared; so are random seconds of the same length from the same two
tracks, which overlap the shown ones by no more than half. Printed is in how many draws the random seconds are less
alike than the shown ones: where both are random, and where one of the two is. Intervals are 95 %, by drawing folders of
the query again.

    python benchmarks/reasons.py COLLECTION [--count 100] [--draws 5]
"""

import argparse
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.library.axes import Axes, axes_of
from earmark.library.collection import Collection
from earmark.library.queries import Query
from earmark.library.reasons import Seconds
from earmark.library.similar import similar
from earmark.listen.bundle import Bundle, load_bundle
from earmark.listen.tally import Tally
from earmark.measure.bootstrap import artist_interval
from earmark.sound.decode import blocks
from earmark.sound.mel import LogMel
from earmark.sound.tokens import FRAME_S, SILENCE_DB, windows

Floats = NDArray[np.float32]
ROUNDS = 2000
KINDS = ("both random", "here random", "there random")


def main() -> None:
    """Hear, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("--count", type=int, default=100, help="tracks that ask")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--model", help="the bundle that heard the collection")
    options = parser.parse_args()
    bundle = load_bundle(options.model)
    rng = np.random.default_rng(0)
    with Collection.open(options.collection) as collection:
        ear = Ear(bundle)
        rows = rng.permutation(len(collection))[: options.count]
        found = [case for row in rows.tolist() if (case := compare(collection, ear, row, options.draws, rng))]
    report(found)


class Ear:
    """Hears seconds of files by themselves."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.axes: Axes = axes_of(bundle)

    def vector(self, path: str, seconds: Seconds) -> Floats:
        """The published vector of some seconds of a file; SoundError where there is nothing but silence in them."""
        front_end, tally = self.bundle.info.front_end, Tally(self.bundle)
        first, end = round(seconds.start_s / FRAME_S), round(seconds.end_s / FRAME_S)
        piece = columns_of(path)[:, first:end].astype(np.float32)
        cut = windows([piece], token_frames=front_end.token_frames, window_tokens=front_end.window_tokens)
        for window in cut:
            tally.add(window, silence_db=SILENCE_DB)
        if tally.empty:
            raise SoundError(f"{seconds.words} of {path} is silent.")
        return self.axes.published(tally.vector)


@cache
def columns_of(path: str) -> NDArray[np.float16]:
    """The spectrogram of a file, (128, frames), absolute dB."""
    stream = LogMel()
    made = [stream.push(block) for block in blocks(path)]
    return np.concatenate([*made, stream.finish()], axis=1).astype(np.float16)


def compare(
    collection: Collection, ear: Ear, row: int, draws: int, rng: np.random.Generator
) -> tuple[str, Floats, NDArray[np.float64]] | None:
    """The folder of a track, the similarity of the seconds shown, and of those drawn, (draws, 3); None without any."""
    query = Query.of_row(collection, row)
    matches = similar(collection, query, n=1)
    if not matches or matches[0].reason.segments is None:
        return None
    match, pair = matches[0], matches[0].reason.segments
    here, there = query.entry.path, match.entry.path
    try:
        shown = [ear.vector(here, pair.here), ear.vector(there, pair.there)]
        others = np.empty((draws, len(KINDS)))
        for draw in range(draws):
            one = ear.vector(here, elsewhere(pair.here, query.entry.duration_s, rng))
            other = ear.vector(there, elsewhere(pair.there, match.entry.duration_s, rng))
            others[draw] = one @ other, one @ shown[1], shown[0] @ other
    except SoundError:
        return None
    return str(Path(here).parent), np.asarray(shown[0] @ shown[1]), others


def elsewhere(shown: Seconds, duration_s: float, rng: np.random.Generator) -> Seconds:
    """As many seconds, which overlap those shown by no more than half, if the track is long enough for that."""
    length_s = shown.end_s - shown.start_s
    for _ in range(100):
        start_s = float(rng.uniform(0, max(duration_s - length_s, 0)))
        if abs(start_s - shown.start_s) >= length_s / 2:
            break
    return Seconds(start_s, start_s + length_s)


def report(found: Sequence[tuple[str, Floats, NDArray[np.float64]]]) -> None:
    """In how many draws the random seconds are less alike."""
    folders = [folder for folder, _, _ in found]
    print(f"{len(found)} tracks and the nearest of each; the seconds shown have a mean cosine of", end=" ")
    print(f"{np.mean([shown for _, shown, _ in found]):.2f}")
    for place, name in enumerate(KINDS):
        less = np.array([(drawn[:, place] < shown).mean() for _, shown, drawn in found])
        low, high = artist_interval(less, folders, rounds=ROUNDS, rng=np.random.default_rng(0))
        mean = np.mean([drawn[:, place].mean() for _, _, drawn in found])
        said = f"less alike in {100 * less.mean():.1f} % ({100 * low:.1f}, {100 * high:.1f})"
        print(f"  {name:<13} mean cosine {mean:.2f}, {said}")


if __name__ == "__main__":
    main()
