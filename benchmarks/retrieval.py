"""How often what is found for a clip is of its genre or mood, and how many hubs there are, with and without correction.

Each clip held out asks for its ten nearest clips of the same set, by other artists, with the vectors of a network that
never heard its artist: by cosine, and by mutual proximity (`earmark.library.nearest`). Candidates are the clips of the
other folds, on which that network was trained, as a collection of well-known music would be; in the stricter test they
are the other clips of the same fold, of which it never heard any. What is searched is the vector of which the network
reads the genre, as it is; beside it stand the same centred and whitened, what is published, and both in a row, by
means and whitenings of the clips of the other folds. Precision at 10 is the share of the ten that have the label of the
query; intervals are 95 %, by drawing artists again. Controls are whitened, and searched in the same way. Hubs are
counted among all clips of a set, as one network hears them: how often each is among the ten nearest of another, and the
skewness of that.

Last comes what "closer than so many pairs" is worth: how often a match that is so close has the label of the query.

    python benchmarks/retrieval.py CROSSVAL --data gtzan --data 4q --data emotify [--folds 0] [--every 1]
    python benchmarks/retrieval.py --data fma --every 8
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import mood_controls
import numpy as np
import torch
from mood_numbers import artists_of, clips_of, folds_of_runs, hear, network_of
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.splits import artist_folds
from earmark.data.teacher import Teacher
from earmark.library.hubs import Crowd, apartness, hub_skew
from earmark.library.nearest import Space
from earmark.listen.clips import clip_windows
from earmark.listen.whitening import EXPONENT, fit_whitening
from earmark.measure.binary import roc_auc
from earmark.measure.bootstrap import artist_interval
from earmark.models.registry import Network

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

COUNT = 10
ROUNDS = 2000
VECTOR = 128
LABELS = {"4q": "quadrant"}  # of other sets it is the genre
TEACHERS = {"teacher.npz": "musicnn", "audioset.npz": "mn04", "vggish.npz": "VGGish"}
SHARES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.01)


def main() -> None:
    """Print a block a set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("crossval", type=Path, nargs="?", help="without it only mel and the teachers are asked")
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--seed", type=int, default=0, help="of the networks")
    parser.add_argument("--folds", type=int, action="append", help="only clips held out in these")
    parser.add_argument("--cache", type=Path, help="a folder that keeps what networks made of the clips")
    parser.add_argument("--every", type=int, default=1, help="of a large set only each so many-th clip")
    parser.add_argument("--no-controls", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for folder in options.data:
        bench = Bench(folder, options)
        print(f"\n{folder.name}: {len(bench)} clips, {bench.words}; by chance {100 * bench.chance():.1f} %")
        print(f"The most that there is to be found: {bench.most(strict=False)}, {bench.most(strict=True)}")
        print(f"{'':<26}{'other folds':^36}{'same fold':^36}{'skew of hubs':^14}")
        print(f"{'':<26}" + 2 * f"{'cosine':<18}{'mutual proximity':<18}" + f"{'before':>7}{'after':>7}")
        for name, system in bench.systems():
            bench.judge(name, system)
        if options.crossval:
            bench.closeness()


def published(net: Network, clips: Sequence[tuple[Dataset, Clip]], cache: Path | None) -> Floats:
    """The mean of the tokens' vectors by attention, as `listen.tally` takes it, of each clip: (n, 128)."""
    ids = [clip.id for _, clip in clips]
    if cache is not None and cache.exists():
        with np.load(cache) as stored:
            if stored["ids"].tolist() == ids:
                return np.asarray(stored["vectors"])
    vectors = []
    with torch.inference_mode():
        for dataset, clip in clips:
            total, weight = np.zeros(VECTOR), 0
            for window in clip_windows(dataset.db(clip), token_frames=net.token_frames):
                said = net.eval()(torch.from_numpy(window.db[None]), attention=True)
                new, shares = window.new_tokens, said.attention[0].numpy()[-window.new_tokens :]
                total += new * (shares / shares.sum()) @ said.vectors[0].numpy()[-new:]
                weight += new
            vectors.append(total / weight)
    made = np.stack(vectors).astype(np.float32)
    if cache is not None:
        np.savez(cache, ids=ids, vectors=made)
    return made


@dataclass(frozen=True, eq=False)
class System:
    """By what clips are compared.

    `vectors(fold)` are (n, d), as the network of a fold makes them; `exponent` is that of their whitening, 0 for
    centred alone, None for as they are.
    """

    vectors: Callable[[int], Floats]
    rows: Rows  # which clips it knows
    exponent: float | None = EXPONENT

    def of(self, fold: int, known: Rows) -> Floats:
        """(n, d) of unit length, by what is usual of the known clips."""
        vectors = np.asarray(self.vectors(fold), np.float32)
        if self.exponent is not None:
            return fit_whitening(vectors[known], exponent=self.exponent).apply(vectors)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)


class Bench:
    """The clips of a set, with their label, artist and fold."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        dataset = Dataset.load(folder)
        self.options = options
        self.folder = folder
        column = LABELS.get(folder.name, "genre")
        self.clips = [(each, clip) for each, clip in clips_of([dataset]) if clip.columns.get(column)][:: options.every]
        self.each: list[Clip] = [clip for _, clip in self.clips]
        self.labels = np.array([clip.columns[column] for clip in self.each])
        self.artists = np.array(artists_of(self.each))
        if options.crossval:
            self.folds = folds_of_runs(options.crossval, self.each, seed=options.seed)
        else:
            self.folds = artist_folds(self.labels.tolist(), self.artists.tolist(), seed=options.seed)
        self.asked = [fold for fold in sorted(set(self.folds.tolist())) if fold >= 0]
        if options.folds:
            self.asked = [fold for fold in self.asked if fold in options.folds]
        self.words = f"{len(set(self.labels))} of '{column}'; folds {self.asked}"
        self._heard: dict[int, Floats] = {}
        self._decides: dict[int, Floats] = {}

    def __len__(self) -> int:
        return len(self.each)

    def heard(self, fold: int) -> Floats:
        """What is published of all clips, before whitening, as the network of a fold hears them: (n, 128)."""
        if fold not in self._heard:
            self._heard[fold] = published(self._net(fold), self.clips, self._cache(f"fold{fold}_vectors"))
        return self._heard[fold]

    def decides(self, fold: int) -> Floats:
        """The vector of which the network reads the genre, (n, 128)."""
        if fold not in self._decides:
            self._decides[fold] = hear(self._net(fold), self.clips, self._cache(f"fold{fold}")).numbers[:, :VECTOR]
        return self._decides[fold]

    def _net(self, fold: int) -> Network:
        return network_of(self.options.crossval, fold, seed=self.options.seed)

    def _cache(self, name: str) -> Path | None:
        folder = self.options.cache
        some = f"_every{self.options.every}" if self.options.every > 1 else ""
        stem = f"{self.options.crossval.name}_seed{self.options.seed}_{name}{some}"
        return folder and folder / f"{stem}_{self.folder.name}.npz"

    def systems(self) -> Iterator[tuple[str, System]]:
        """Names, and by what each compares clips."""
        everything = np.arange(len(self))
        if self.options.crossval:
            yield from self._networks(everything)
        if self.options.no_controls:
            return
        mel = np.stack([mood_controls.mean_mel(dataset.db(clip)) for dataset, clip in self.clips])
        scaled = (mel - mel.mean(axis=0)) / mel.std(axis=0)
        yield "mean and deviation of mel", System(lambda fold: scaled, everything)
        if self.options.crossval:
            net = mood_controls._untrained(self._net(self.asked[0]))
            untrained = published(net, self.clips, self._cache("untrained_vectors"))
            yield "untrained network", System(lambda fold: untrained, everything)
        for file, name in TEACHERS.items():
            if (self.folder / file).exists():
                yield from self._teacher(name, Teacher.load(self.folder, file))

    def _networks(self, everything: Rows) -> Iterator[tuple[str, System]]:
        yield "what decides, as it is", System(self.decides, everything, None)
        yield "centred", System(self.decides, everything, 0.0)
        yield "whitened", System(self.decides, everything)
        yield "what is published", System(self.heard, everything)
        yield "both, decisive centred", System(self._both, everything, None)

    def _both(self, fold: int) -> Floats:
        known = np.flatnonzero(self.folds != fold)
        parts = System(self.heard, known).of(fold, known), System(self.decides, known, 0.0).of(fold, known)
        return np.concatenate(parts, axis=1)

    def _teacher(self, name: str, teacher: Teacher) -> Iterator[tuple[str, System]]:
        said = [teacher.hears(clip).vectors for clip in self.each]
        rows = np.array([row for row, each in enumerate(said) if len(each)], np.int64)
        if not len(rows):
            return
        vectors = np.zeros((len(self), said[rows[0]].shape[1]), np.float32)
        vectors[rows] = np.concatenate([said[row] for row in rows])
        vectors /= vectors[rows].std(axis=0) + 1e-6
        missing = f", {len(rows)} clips" if len(rows) < len(self) else ""
        yield f"{name}{missing}", System(lambda fold: vectors, rows)

    def chance(self) -> float:
        """The share of clips by other artists that have the label of a clip."""
        other = self.artists[:, None] != self.artists
        same = (self.labels[:, None] == self.labels) & other
        return float((same.sum(axis=1) / other.sum(axis=1)).mean())

    def most(self, *, strict: bool) -> str:
        """What a search that knows the labels would find: where an artist has most clips of a label, that is little."""
        found = []
        for fold in self.asked:
            for row in np.flatnonzero(self.folds == fold):
                candidates = (self.folds == fold) == strict
                alike = candidates & (self.artists != self.artists[row]) & (self.labels == self.labels[row])
                found.append(min(int(alike.sum()), COUNT) / COUNT)
        return f"{100 * np.mean(found):.1f} % in {'the same fold' if strict else 'other folds'}"

    def judge(self, name: str, system: System) -> None:
        """A line: precision by cosine and by mutual proximity, in other folds and in the same, and hubs."""
        cells = []
        for strict in (False, True):
            precisions, artists = self.precisions(system, strict=strict)
            for column in precisions.T:
                low, high = artist_interval(column, artists, rounds=ROUNDS, rng=np.random.default_rng(0))
                cells.append(f"{100 * column.mean():.1f} ({100 * low:.1f}, {100 * high:.1f})")
        before, after = np.mean([self.hubs(system, fold) for fold in self.asked[:1]], axis=0)
        print(f"{name:<26}" + "".join(f"{cell:<18}" for cell in cells) + f"{before:7.2f}{after:7.2f}")

    def precisions(self, system: System, *, strict: bool) -> tuple[NDArray[np.float64], list[str]]:
        """Of each clip held out the share of its ten nearest that have its label, (n, 2), and its artist."""
        found: list[tuple[float, float]] = []
        artists: list[str] = []
        for fold in self.asked:
            held = system.rows[self.folds[system.rows] == fold]
            known = system.rows[self.folds[system.rows] != fold]
            vectors = system.of(fold, known)
            candidates = held if strict else known
            space = Space.of(vectors[candidates])
            for row in held.tolist():
                others = np.flatnonzero(self.artists[candidates] != self.artists[row])
                if len(others) < COUNT:
                    continue
                cosines = space.vectors @ vectors[row]
                by_cosine = others[np.argsort(-cosines[others], kind="stable")[:COUNT]]
                nearest = space.nearest_first(vectors[row], others)
                by_proximity = [near.row for near, _ in zip(nearest, range(COUNT), strict=False)]
                hits = [
                    float((self.labels[candidates[each]] == self.labels[row]).mean())
                    for each in (by_cosine, by_proximity)
                ]
                found.append((hits[0], hits[1]))
                artists.append(str(self.artists[row]))
        return np.array(found), artists

    def hubs(self, system: System, fold: int) -> tuple[float, float]:
        """The skewness of how often each clip is among the ten nearest of others, by cosine and by mutual proximity."""
        vectors = system.of(fold, system.rows)[system.rows]
        cosines = vectors @ vectors.T
        spread = Crowd.of(vectors).spread(vectors)
        rows = type(spread)(spread.mean[:, None], spread.deviation[:, None])
        near = [-cosines, apartness(cosines, rows, spread)]
        for each in near:
            np.fill_diagonal(each, np.inf)
        skews = [hub_skew(np.argsort(each, axis=1)[:, :COUNT], len(vectors)) for each in near]
        return skews[0], skews[1]

    def closeness(self) -> None:
        """What closeness is worth: of pairs of a held-out clip and one of other folds, by what they are closer than."""
        shares, hits = [], []
        scores: dict[str, list[NDArray[Any]]] = {"cosine": [], "mutual proximity": []}
        for fold in self.asked:
            held, known = (np.flatnonzero(rows) for rows in (self.folds == fold, self.folds != fold))
            vectors = System(self.decides, known, None).of(fold, known)
            space = Space.of(vectors[known])
            cosines = vectors[held] @ space.vectors.T
            theirs = space.crowd.spread(space.vectors)
            own = space.crowd.spread(vectors[held])
            proximity = -apartness(cosines, type(own)(own.mean[:, None], own.deviation[:, None]), theirs)
            shares.append(1 - np.searchsorted(space.chance, -proximity, side="right").ravel() / len(space.chance))
            hits.append((self.labels[held][:, None] == self.labels[known]).ravel())
            scores["cosine"].append(cosines.ravel())
            scores["mutual proximity"].append(proximity.ravel())
        share, hit = np.concatenate(shares), np.concatenate(hits)
        told = [f"{name} {roc_auc(np.concatenate(values), hit):.3f}" for name, values in scores.items()]
        print(f"A pair's likeness tells whether it has the label in common with an AUC of: {', '.join(told)}")
        print("Closer than so many pairs, and how often the label is the same:")
        for low, high in pairwise(SHARES):
            inside = (share >= low) & (share < high)
            told = f"{100 * low:5.1f} to {min(100 * high, 100):5.1f} %"
            print(f"  {told}: {100 * hit[inside].mean():5.1f} % of {inside.sum()}")


if __name__ == "__main__":
    main()
