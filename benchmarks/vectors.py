"""What track vectors say of likeness: as the network makes them, centred, and whitened by several exponents.

Clips of data sets are dealt out to folds by artist. The whitening is fitted to the other folds, and judged on pairs of
the held-out fold within one set: the cosine of unrelated clips (two artists, no genre in common), that of two clips by
one artist, and how well it tells the second kind from all others (ROC AUC). Of each held-out clip the nearest clips of
the other folds, of its set and by other artists, are asked for a genre in common; nearest is what Euclidean distance
says, by which clips were found before there was a whitening. Intervals are 95 %, by drawing artists again. The network
itself was trained on clips such as these; the whole tracks of --music it never heard.

With --music the bundle hears whole tracks, those of one folder counting as related: `vector` of `hear_with_vector`
beside `raw`.

    python benchmarks/vectors.py --data gtzan --data 4q --data emotify [--model BUNDLE] [--music FOLDER]
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark import EarmarkError, Listener, load_bundle
from earmark.data.atlas import HeardClips, hear_clips
from earmark.data.dataset import Dataset
from earmark.data.splits import artist_folds
from earmark.listen.whitening import EXPONENT, fit_whitening
from earmark.measure.binary import roc_auc
from earmark.measure.bootstrap import artist_interval, artist_interval_of
from earmark.sound.search import find_audio

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

EXPONENTS = (0.0, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
FOLDS = 5
NEIGHBOURS = (1, 8)
ROUNDS = 2000


def main() -> None:
    """Hear, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--model", help="the bundle to hear with (default: the shipped one)")
    parser.add_argument("--music", type=Path, help="a folder of folders of whole tracks")
    options = parser.parse_args()
    bundle = load_bundle(options.model)
    heard = hear_clips(bundle, [Dataset.load(folder) for folder in options.data])
    kin = Kin.of(heard)
    print(f"{len(kin)} clips, {len(set(kin.artists))} artists, {FOLDS} folds by artist; the whitening never saw them:")
    found = {name: judge(heard.vectors, kin, exponent) for name, exponent in rows()}
    print_pairs(found, kin)
    print_neighbours(found, kin)
    if options.music:
        print_tracks(Listener(bundle), options.music)


def rows() -> Iterator[tuple[str, float | None]]:
    """Names, and exponents; None for vectors as they are."""
    yield "as the network makes them", None
    for exponent in EXPONENTS:
        shipped = " (shipped)" if exponent == EXPONENT else ""
        yield "centred" if exponent == 0 else f"exponent {exponent}{shipped}", exponent


@dataclass(frozen=True, eq=False)
class Kin:
    """Who belongs together: (n,) texts and folds, and (n, n) which clips have a genre in common."""

    artists: tuple[str, ...]
    sets: tuple[str, ...]
    folds: NDArray[np.int64]
    alike: Bools

    def __len__(self) -> int:
        return len(self.artists)

    @classmethod
    def of(cls, heard: HeardClips) -> "Kin":
        """Of clips that were heard, dealt out to folds by artist."""
        artists = tuple(clip.artist_key for _, clip in heard.clips)
        genres = [{name.strip().casefold() for name in each.split(";")} - {""} for each in heard.genres]
        alike = np.array([[not one.isdisjoint(other) for other in genres] for one in genres])
        folds = artist_folds(heard.genres, artists, folds=FOLDS)
        return cls(artists, tuple(dataset.name for dataset, _ in heard.clips), folds, alike)

    @property
    def same(self) -> Bools:
        """(n, n), by one artist."""
        return np.asarray(np.array(self.artists)[:, None] == np.array(self.artists))

    @property
    def within(self) -> Bools:
        """(n, n), of one set."""
        return np.asarray(np.array(self.sets)[:, None] == np.array(self.sets))


@dataclass(frozen=True, eq=False)
class Judged:
    """Of all held-out pairs the cosine, who they are, and of each clip which of its neighbours are of its genre."""

    cosines: Floats
    pairs: NDArray[np.int64]  # (pairs, 2), rows of clips
    hits: Bools  # (n, 8)


def judge(vectors: NDArray[np.float32], kin: Kin, exponent: float | None) -> Judged:
    """Fit on all folds but one and look at that, in turn."""
    same, within = kin.same, kin.within
    cosines, pairs = [], []
    hits = np.zeros((len(kin), max(NEIGHBOURS)), dtype=np.bool_)
    for fold in range(FOLDS):
        held, others = (np.flatnonzero(rows) for rows in (kin.folds == fold, kin.folds != fold))
        made = vectors if exponent is None else fit_whitening(vectors[others], exponent=exponent).apply(vectors)
        plain = made.astype(np.float64)
        first, second = (held[side] for side in np.triu_indices(len(held), 1))
        kept = within[first, second]
        units = plain / np.linalg.norm(plain, axis=1, keepdims=True)
        cosines.append((units[first[kept]] * units[second[kept]]).sum(axis=1))
        pairs.append(np.stack([first[kept], second[kept]], axis=1))
        away = np.square(plain[held]).sum(axis=1)[:, None] + np.square(plain[others]).sum(axis=1)
        away -= 2 * plain[held] @ plain[others].T
        across = np.ix_(held, others)
        away[same[across] | ~within[across]] = np.inf
        nearest = others[np.argsort(away, axis=1, kind="stable")[:, : max(NEIGHBOURS)]]
        hits[held] = kin.alike[held[:, None], nearest]
    return Judged(np.concatenate(cosines), np.concatenate(pairs), hits)


def print_pairs(found: dict[str, Judged], kin: Kin) -> None:
    """A line a way of making vectors: cosines, and how well they tell who is by one artist."""
    first = next(iter(found.values())).pairs.T
    related = kin.same[first[0], first[1]]
    unrelated = ~related & ~kin.alike[first[0], first[1]]
    print(f"{unrelated.sum()} unrelated pairs, {related.sum()} by one artist")
    print(f"{'':<28}{'mean':>7}{'|cos|':>8}{'sd':>7}{'5 %':>7}{'95 %':>7}{'artist':>8}{'AUC':>7}")
    for name, judged in found.items():
        apart = judged.cosines[unrelated]
        low, high = np.quantile(apart, [0.05, 0.95])
        said = (apart.mean(), np.abs(apart).mean(), apart.std(), low, high, judged.cosines[related].mean())
        lower, upper = auc_interval(judged, related, kin)
        widths = (7, 8, 7, 7, 7, 8)
        cells = "".join(f"{value:{width}.3f}" for value, width in zip(said, widths, strict=True))
        print(f"{name:<28}{cells}{roc_auc(judged.cosines, related):7.3f} ({lower:.3f} to {upper:.3f})")


def auc_interval(judged: Judged, related: Bools, kin: Kin) -> tuple[float, float]:
    """By drawing artists: a pair counts as often as both of its artists, one by one artist as often as that one."""
    order = np.argsort(judged.cosines, kind="stable")
    first, second = judged.pairs[order].T
    ordered = related[order]

    def auc(drawn: Floats) -> Floats:
        values = []
        for counts in drawn:
            yes = counts[first] * ordered
            no = counts[first] * counts[second] * ~ordered
            values.append((yes * np.cumsum(no)).sum() / (yes.sum() * no.sum()))
        return np.array(values)

    return artist_interval_of(auc, kin.artists, rounds=ROUNDS // 10, rng=np.random.default_rng(0))


def print_neighbours(found: dict[str, Judged], kin: Kin) -> None:
    """A line a way of making vectors: the share of the nearest clips, of other artists, with a genre in common."""
    told = kin.alike.diagonal()  # of which a genre is known
    artists = [artist for artist, known in zip(kin.artists, told, strict=True) if known]
    before = next(iter(found.values())).hits[told]
    print(f"Genre of the nearest clips, of {told.sum()} clips, and what it gains:")
    for name, judged in found.items():
        cells = ""
        for count in NEIGHBOURS:
            share = judged.hits[told][:, :count].mean(axis=1)
            gain = share - before[:, :count].mean(axis=1)
            low, high = artist_interval(gain, artists, rounds=ROUNDS, rng=np.random.default_rng(0))
            gains = f"{100 * gain.mean():+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
            cells += f"  {count} nearest: {100 * share.mean():.1f} %, {gains:<22}"
        print(f"{name:<28}{cells.rstrip()}")


def print_tracks(listener: Listener, music: Path) -> None:
    """Cosines of whole tracks, and whether the nearest track is of the same folder."""
    albums, vectors, raws = [], [], []
    for file in find_audio([music]):
        try:
            heard = listener.hear_with_vector(file)
        except EarmarkError as error:
            print(f"left out: {error}")
            continue
        albums.append(file.parent.name)
        vectors.append(heard.vector)
        raws.append(heard.raw)
    same = np.array(albums)[:, None] == np.array(albums)
    upper = np.triu(np.ones_like(same), 1)
    print(f"{len(albums)} whole tracks of {len(set(albums))} folders in {music.name}; of two folders, and of one:")
    for name, made in (("as the network makes them", raws), ("published", vectors)):
        plain = np.stack(made).astype(np.float64)
        units = plain / np.linalg.norm(plain, axis=1, keepdims=True)
        cosines = units @ units.T
        apart, together = cosines[upper & ~same], cosines[upper & same]
        spread = " ".join(f"{value:.2f}" for value in np.quantile(apart, [0, 0.05, 0.5, 0.95, 1]))
        auc = roc_auc(cosines[upper], same[upper])
        nearest = np.where(np.eye(len(same), dtype=np.bool_), -np.inf, cosines).argmax(axis=1)
        own = same[np.arange(len(same)), nearest].mean()
        print(f"{name:<28}mean {apart.mean():.3f}, |cos| {np.abs(apart).mean():.3f}, sd {apart.std():.3f}")
        print(f"{'':<28}least, 5, 50, 95 %, most {spread}; of one folder {together.mean():.3f}")
        print(f"{'':<28}AUC {auc:.3f}; the nearest is of the same folder for {100 * own:.0f} %")


if __name__ == "__main__":
    main()
