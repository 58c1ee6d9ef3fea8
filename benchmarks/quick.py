"""What quick hearing costs and what it loses, beside whole hearing, in one run (docs/results.md).

Every sound file of a folder, or a sample of them, is decoded whole, heard whole and heard quickly, one after the other;
processor time is that of this process. Agreement is whether both hearings name the same first genre; intervals are by
folder, which stands for the artist. With --labelled, tracks are made of labelled clips, spectrograms of 30 s side by
side, that the networks of a cross-validation never heard: clips of one artist, and clips of several.

    python benchmarks/quick.py FOLDER [--tracks 100] [--model BUNDLE]
    python benchmarks/quick.py --labelled CROSSVAL --recipe recipes/ears.toml --data DATA/gtzan --data DATA/fma
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark import Listener, Track, load_bundle
from earmark.errors import EarmarkError
from earmark.listen.atlas import read_whitening
from earmark.listen.bundle import Bundle
from earmark.listen.quick import LEAST_S, hear_quickly, hear_rounds, sum_up_quickly
from earmark.listen.tally import Tally
from earmark.measure.bootstrap import artist_interval
from earmark.sound import decode, tokens
from earmark.sound.search import search

Floats = NDArray[np.float32]
MANY, CORES, HOUR_S = 100_000, 8, 3600
SONG_S = 150.0  # what is shorter is seldom a song
CLIP_TOKENS = tokens.WINDOW_TOKENS
LEAST_CLIPS, MOST_CLIPS = 4, 8


@dataclass(frozen=True)
class Heard:
    """A file: seconds of processor time of each, what both hearings said, and their vectors as they are compared."""

    path: Path
    decode_s: float
    whole_s: float
    quick_s: float
    whole: Track
    quick: Track
    vectors: tuple[Floats, Floats]

    @property
    def agrees(self) -> bool:
        """Whether both name the same first genre."""
        return self.whole.genre == self.quick.genre


def main() -> None:
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="sound files")
    parser.add_argument("--tracks", type=int, default=100, help="so many of them, drawn at random (default: 100)")
    parser.add_argument("--model", help="the bundle to hear with (default: the shipped one)")
    parser.add_argument("--labelled", type=Path, help="a cross-validation whose checkpoints are there")
    parser.add_argument("--recipe", type=Path, help="its recipe")
    parser.add_argument("--data", type=Path, action="append", default=[], help="labelled sets (with --labelled)")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    if options.folder:
        measure(options.folder, options.tracks, Listener(load_bundle(options.model)))
    if options.labelled:
        labelled(options.labelled, options.recipe, options.data, seeds=options.seeds)


def measure(folder: Path, tracks: int, listener: Listener) -> None:
    """Hear a sample of a folder in all ways."""
    paths = search([str(folder)]).paths
    drawn = sorted(np.random.default_rng(0).permutation(len(paths))[:tracks].tolist())
    heard = []
    for number in drawn:
        try:
            heard.append(hear(Path(paths[number]), listener))
        except EarmarkError as error:
            print(f"left out: {error}")
    by_format: dict[str, list[Heard]] = defaultdict(list)
    for each in heard:
        by_format[each.path.suffix.lower()].append(each)
    print(f"{listener.bundle.info.model}, {len(heard)} of {len(paths)} files")
    for name, some in (*sorted(by_format.items()), ("all", heard)):
        report(name, some)
    report(f"of {SONG_S:g} s and more", [each for each in heard if each.whole.duration_s >= SONG_S])
    report(f"of {LEAST_S:g} s and more", [each for each in heard if each.whole.duration_s >= LEAST_S])
    beside_genres(heard)
    for name, seconds in (("quick", [each.quick_s for each in heard]), ("whole", [each.whole_s for each in heard])):
        hours = MANY * float(np.mean(seconds)) / CORES / HOUR_S
        print(f"extrapolated, not measured: {MANY} such files heard {name} on {CORES} such cores: {hours:.2f} h")


def hear(path: Path, listener: Listener) -> Heard:
    """One file in all ways; what is read from disk for the first time costs none of them."""
    path.read_bytes()
    whole_s, whole = timed(lambda: listener.hear(path))
    decode_s, _ = timed(lambda: sum(map(len, decode.blocks(path))))
    quick_s, quick = timed(lambda: hear_quickly(listener, path))
    placed, pieces = listener.hear_with_vector(path), sum_up_quickly(listener.bundle, path)
    whitening = read_whitening(listener.bundle)
    raw = placed.raw if pieces is None else pieces.tally.vector
    vectors = (placed.vector, raw if whitening is None else whitening.apply(raw))
    return Heard(path, decode_s, whole_s, quick_s, whole, quick, vectors)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time of this process, and what came of it."""
    start_s = time.process_time()
    made = work()
    return time.process_time() - start_s, made


def report(name: str, heard: Sequence[Heard]) -> None:
    """A line on some files."""
    if not heard:
        return
    decode_s, whole_s, quick_s = (
        sum(getattr(each, f"{way}_s") for each in heard) for way in ("decode", "whole", "quick")
    )
    ratios = [each.quick_s / each.decode_s for each in heard]
    length_s = sum(each.whole.duration_s for each in heard)
    share = sum(each.quick.heard_share * each.whole.duration_s for each in heard) / length_s
    alone = sum(each.quick.heard_share == 1.0 for each in heard)
    agreed = interval([each.agrees for each in heard], [str(each.path.parent) for each in heard])
    print(
        f"{name}: {len(heard)} files of {length_s / len(heard):.0f} s; decoded in {decode_s:.1f} s of processor time, "
        f"heard whole {whole_s / decode_s:.2f} times that, quickly {quick_s / decode_s:.2f} times "
        f"(median of files {np.median(ratios):.2f}); {share:.0%} heard, {alone} files whole; same first genre {agreed}"
    )


def beside_genres(heard: Sequence[Heard], *, nearest: int = 5) -> None:
    """What else quick hearing changes, where it did not hear all: vectors and who is near whom, mood, tags."""
    in_part = np.array([each.quick.heard_share < 1 for each in heard])
    whole, quick = (np.stack([each.vectors[way] for each in heard]) for way in (0, 1))
    neighbours = []
    for vectors in (whole, quick):
        likeness = vectors @ vectors.T
        np.fill_diagonal(likeness, -np.inf)
        neighbours.append(np.argsort(-likeness, axis=1)[:, :nearest])
    common = [len(set(ours) & set(theirs)) for ours, theirs in zip(*neighbours, strict=True)]
    some = [each for each in heard if each.quick.heard_share < 1]
    cosine = float(np.mean((whole * quick).sum(axis=1)[in_part]))
    print(
        f"of the {len(some)} files heard in part: cosine of vectors {cosine:.3f}; "
        f"{np.mean(np.array(common)[in_part]):.1f} of the {nearest} nearest are the same; told alike: "
        f"{np.mean([alike(each.whole.heard_tags, each.quick.heard_tags) for each in some]):.0%} of tags"
    )
    moods = [(each.whole.mood, each.quick.mood) for each in some]
    for name in ("valence", "arousal"):
        pairs = [(getattr(one, name).value, getattr(other, name).value) for one, other in moods if one and other]
        if pairs:
            off = np.abs(np.subtract(*np.array(pairs).T))
            print(f"{name}: off by {off.mean():.2f} on average, by more than 0.25 in {np.mean(off > 0.25):.0%}")


def alike(some: Sequence[str], others: Sequence[str]) -> float:
    """The share of names that both have."""
    every = {*some, *others}
    return len({*some} & {*others}) / len(every) if every else 1.0


def interval(values: Sequence[float], keys: Sequence[str]) -> str:
    """A mean in percent with its interval."""
    mean = f"{100 * float(np.mean(values)):.1f} %"
    if len(set(keys)) < 2:
        return mean
    low, high = artist_interval(values, keys, rng=np.random.default_rng(0))
    return f"{mean} ({100 * low:.1f} to {100 * high:.1f})"


@dataclass(frozen=True)
class Joined:
    """A track that is made of clips: a spectrogram that any part can be had of, and what is right."""

    db: Floats
    set_name: str
    artist: str
    allowed: NDArray[np.bool_]
    silence_db: float = -300.0

    @property
    def frames(self) -> int:
        """How many there are."""
        return self.db.shape[1]

    def columns(self, first: int, count: int) -> Floats:
        """A part."""
        return self.db[:, first : first + count]


def labelled(crossval: Path, recipe_file: Path, folders: Sequence[Path], *, seeds: int) -> None:
    """Accuracy of whole and of quick hearing on joined clips that networks never heard."""
    for one_artist in (True, False):
        print("clips of one artist joined:" if one_artist else "clips of several artists joined:")
        changes: dict[str, list[float]] = defaultdict(list)
        for seed in range(seeds):
            for name, rows in answered(crossval, recipe_file, folders, seed, one_artist=one_artist).items():
                right = np.array([row[:2] for row in rows], float)
                keys = [row[2] for row in rows]
                change = right[:, 1] - right[:, 0]
                changes[name].append(100 * float(change.mean()))
                print(
                    f"  {name}, seed {seed}, {len(rows)} tracks by {len(set(keys))} artists: right whole "
                    f"{interval(right[:, 0], keys)}, quick {interval(right[:, 1], keys)}, difference "
                    f"{interval(change, keys)}; same first genre {interval([row[3] for row in rows], keys)}; "
                    f"{np.mean([row[4] for row in rows]):.0%} heard"
                )
        for name, each in changes.items():
            print(f"  {name}, mean of the seeds: difference {np.mean(each):+.1f} points")


def answered(
    crossval: Path, recipe_file: Path, folders: Sequence[Path], seed: int, *, one_artist: bool
) -> dict[str, list[tuple[bool, bool, str, bool, float]]]:
    """By set: whether whole and quick hearing are right, the artist, whether they agree, and the share heard."""
    from mood_numbers import network_of

    from earmark.data.dataset import Dataset
    from earmark.evaluate.answers import Answers
    from earmark.train.export import to_onnx
    from earmark.train.recipe import Recipe

    recipe, datasets = Recipe.load(recipe_file), [Dataset.load(folder) for folder in folders]
    info = replace(load_bundle().info, tags=None)
    own = {dataset.name: own_genres(dataset, recipe, info.labels) for dataset in datasets}
    offsets = info.outside.offsets if info.outside else ()
    found: dict[str, list[tuple[bool, bool, str, bool, float]]] = defaultdict(list)
    for file in sorted((crossval / "runs").glob(f"seed{seed}_fold*.npz")):
        fold = int(file.stem.rpartition("fold")[2])
        net = network_of(crossval, fold, seed=seed)
        bundle = Bundle(file, info, to_onnx(net, heads=["outside"], offsets=offsets))
        answers = Answers.read(file)
        held = set(zip(answers.sets, answers.ids, strict=True))
        rng = np.random.default_rng(seed)
        for dataset in datasets:
            for track in joined(dataset, held, recipe, info.labels, one_artist=one_artist, rng=rng):
                whole, quick, share = both(track, bundle)
                genres = [int(np.where(own[dataset.name], said, -np.inf).argmax()) for said in (whole, quick)]
                right = [bool(track.allowed[genre]) for genre in genres]
                same = bool(whole.argmax() == quick.argmax())
                found[dataset.name].append((right[0], right[1], track.artist, same, share))
    return found


def own_genres(dataset: Any, recipe: Any, labels: Sequence[str]) -> NDArray[np.bool_]:
    """The genres that a set's labels name at all."""
    from earmark.train.batches import allowed_genres
    from earmark.train.options import SetOptions

    options = recipe.sets.get(dataset.name, SetOptions())
    return np.array([allowed_genres(clip, options, labels) for clip in dataset.clips]).any(axis=0)


def joined(
    dataset: Any, held: set[tuple[str, str]], recipe: Any, labels: Sequence[str], *, one_artist: bool, rng: Any
) -> Iterator[Joined]:
    """Tracks of 4 to 8 held-out clips of one label each; no artist is in two of them."""
    from earmark.train.batches import allowed_genres
    from earmark.train.options import SetOptions

    options = recipe.sets.get(dataset.name, SetOptions())
    by_label: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for clip in dataset.clips:
        if (dataset.name, clip.id) in held and allowed_genres(clip, options, labels).any():
            by_label[clip.label][clip.artist_key].append(clip)
    for artists in by_label.values():
        names = list(artists)
        rng.shuffle(names)
        clips: list[Any] = []
        for name in names:
            clips += artists[name]
            if len(clips) >= LEAST_CLIPS:
                db = np.concatenate([clip_db(dataset, clip) for clip in clips[:MOST_CLIPS]], axis=1)
                yield Joined(db, dataset.name, name, allowed_genres(clips[0], options, labels))
            if one_artist or len(clips) >= LEAST_CLIPS:
                clips = []


def clip_db(dataset: Any, clip: Any) -> Floats:
    """A clip's whole tokens, (128, at most 380) float32 dB under its maximum."""
    db = dataset.db(clip)[:, : CLIP_TOKENS * tokens.TOKEN_FRAMES]
    return np.asarray(db[:, : db.shape[1] // tokens.TOKEN_FRAMES * tokens.TOKEN_FRAMES])


def both(track: Joined, bundle: Bundle) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """The probabilities of the genres by whole and by quick hearing, and the share that the second heard."""
    whole = Tally(bundle)
    for window in tokens.windows([track.db]):
        whole.add(window, silence_db=track.silence_db)
    quick = Tally(bundle)
    share = hear_rounds(track, quick)
    said = probabilities(whole, bundle)
    return said, said if share is None else probabilities(quick, bundle), share or 1.0


def probabilities(tally: Tally, bundle: Bundle) -> NDArray[np.float64]:
    """Of the genres, in the order of the network."""
    by_name = {label.name: label.probability for label in tally.answer.genres}
    return np.array([by_name[name] for name in bundle.info.labels])


if __name__ == "__main__":
    main()
