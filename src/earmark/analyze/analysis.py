"""`earmark analyze`: everything that is read from networks, in the order in which the report tells it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from earmark.analyze import claims, enough, genres, in_time, judge, trust
from earmark.analyze.explanations import Costly
from earmark.analyze.material import Material, gather, networks_of
from earmark.analyze.reading import Reading, mean_with_interval, read, windows_to_hear
from earmark.data.dataset import Dataset
from earmark.errors import DataError
from earmark.label import six_digits
from earmark.measure.metrics import confusion

Figures = dict[str, Any]
Progress = Callable[[int, int], None]

SEED = 0
ROUNDS = 1000  # draws of artists
PERMUTATIONS = 400  # of labels, for arithmetic by chance
# What `progress` counts are windows heard; of the parts after the reading the numbers are rough.
EXPLAINED = 20 + trust.MASKS  # windows, of a clip with all methods
WINDOWS_AFTER = (
    in_time.CLIPS_SHIFTED * 4
    + trust.SPLICES * EXPLAINED
    + trust.CURVE_CLIPS * (EXPLAINED + 130)
    + trust.RANDOMISED_CLIPS * 120
    + enough.CLIPS * (EXPLAINED + 130)
)
JUDGED = judge.CLIPS * (EXPLAINED + 26)


class _More(TypedDict):
    """What all tests of faithfulness are given."""

    rng: np.random.Generator
    progress: Callable[[int], None]
    costly: tuple[Costly, ...]


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found: `figures` as arrays and plain values, and the clips and readings that they are of."""

    figures: Figures
    material: Material
    readings: tuple[Reading, ...]


def analyze(
    folder: Path,
    model: Path | None = None,
    checkpoints: Sequence[Path] = (),
    *,
    planted: Path | None = None,
    judged_by: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Analysis:
    """Read networks by the clips of a data set.

    Parameters
    ----------
    folder:
        A data set in earmark's layout, of clips of 30 s or more.
    model, checkpoints:
        A bundle, checkpoints, or cross-validations that still have theirs; the shipped bundle by default. The first
        group that holds out all clips (the folds of a seed) is read closely; the others say what stands a second look.
    planted:
        A folder of `earmark demo`, for the test with a known deciding second.
    judged_by:
        Another system, that is to be convinced by the seconds shown: a bundle, a checkpoint or a cross-validation.
    progress:
        Called now and then with (windows heard, windows in all, roughly).

    Raises
    ------
    DataError, BundleError
        There is nothing to read, or not as the layouts say.
    """
    rng = np.random.default_rng(SEED)
    dataset = Dataset.load(folder)
    networks = networks_of(model, checkpoints, dataset)
    material = gather(dataset, networks[0].genres)
    judges = judge.judges_of(judged_by, dataset.name, material.genres) if judged_by else []
    masks = trust.windows_to_learn(networks)
    done, total = 0, windows_to_hear(networks, material) + masks + WINDOWS_AFTER + JUDGED * bool(judges)

    def heard(windows: int) -> None:
        nonlocal done
        done += windows
        progress(min(done, total - 1), total)

    readings = read(networks, material, progress=heard)
    first = readings[0]
    draws = [genres.draws_of(reading, material, rounds=ROUNDS, rng=rng) for reading in readings]
    genre_map = genres.genre_map(first, draws[0], material, rng=rng)
    costly = trust.costly_methods(first, material, progress=heard)
    more: _More = {"rng": rng, "progress": heard, "costly": costly}
    steps, drawn_steps = in_time.steps(readings, material, rounds=ROUNDS, rng=rng)
    figures: Figures = {
        "about": _about(material, readings),
        "genres": list(material.genres),
        "accuracy": accuracy(readings, material, rng=rng),
        "map": genre_map,
        "neighbours": genres.neighbours(readings, draws, material),
        "arithmetic": genres.arithmetic(readings, draws, material, permutations=PERMUTATIONS, rng=rng),
        "steps": steps,
        "shift": in_time.shift(first, material, rng=rng, progress=heard),
        "events": in_time.by_event(readings, dataset, material, rng=rng),
        "splices": trust.spliced(first, material, **more),
        "curves": trust.curves(first, material, **more),
        "enough": enough.fewest_seconds(first, material, **more),
        "judged": judge.convinced(first, material, judges, **more) if judges else {},
        "randomised": trust.randomised(first, material, rng=rng, progress=heard),
        "planted": _planted(planted, dataset, material, first, more),
        "claims": claims.to_dicts(claims.claims(material.genres, draws, genre_map, steps, drawn_steps)),
    }
    progress(total, total)
    return Analysis(figures, material, tuple(readings))


def _about(material: Material, readings: Sequence[Reading]) -> Figures:
    return {
        "data": material.name,
        "clips": len(material),
        "artists": len(set(material.artists)),
        "left_out": material.left_out,
        "readings": [reading.name for reading in readings],
        "networks": [network.name for reading in readings for network in reading.networks],
        "out_of_fold": all(reading.out_of_fold for reading in readings),
        "draws": ROUNDS,
        "permutations": PERMUTATIONS,
        "seed": SEED,
    }


def accuracy(readings: Sequence[Reading], material: Material, *, rng: np.random.Generator) -> Figures:
    """How often readings are right, on the whole and by genre, with intervals, and what they take for what."""
    predicted = np.stack([reading.heard.logits.argmax(axis=1) for reading in readings])
    right = (predicted == material.labels).mean(axis=0)  # of each clip, over readings
    count = len(material.genres)
    counts = np.sum([confusion(material.labels, row, count) for row in predicted], axis=0)
    rows = [
        {"genre": name, **_mean(right, material, material.labels == n, rng)} for n, name in enumerate(material.genres)
    ]
    everything = np.ones(len(material), dtype=np.bool_)
    return {"all": _mean(right, material, everything, rng), "by_genre": rows, "confusion": counts}


def _mean(
    right: NDArray[np.float64], material: Material, chosen: NDArray[np.bool_], rng: np.random.Generator
) -> Figures:
    """Mean over some clips with its interval, which a genre by one artist does not have."""
    artists = [artist for artist, use in zip(material.artists, chosen, strict=True) if use]
    nothing = {"mean": None, "low": None, "high": None, "n": len(artists)}
    if not artists:
        return nothing
    if len(set(artists)) < 2:
        return nothing | {"mean": float(right[chosen].mean())}
    return nothing | mean_with_interval(right[chosen], artists, rng)


def _planted(
    folder: Path | None,
    dataset: Dataset,
    material: Material,
    reading: Reading,
    more: _More,
) -> Figures:
    """The test with known seconds: on pieces of `earmark demo` and its networks, or on the data set if it has them."""
    if folder is None:
        return trust.planted(reading, material, **more)
    pieces = Dataset.load(folder / "data")
    networks = networks_of(folder / "crossval", (), pieces)
    made = gather(pieces, networks[0].genres)
    theirs = read(networks, made)[0]
    own: _More = {**more, "costly": trust.costly_methods(theirs, made, progress=more["progress"])}
    found = trust.planted(theirs, made, **own)
    if not found:
        hint = "Name a folder that `earmark demo` made."
        raise DataError(f"{pieces.folder} has no columns motif_start_s and motif_end_s.", hint=hint)
    return found


def plain(value: Any) -> Any:
    """Figures as JSON has them: arrays as lists, numbers to six digits."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return six_digits(value) if isinstance(value, float) else value


def as_json(figures: Figures) -> str:
    """`plain` as text."""
    return json.dumps(plain(figures), ensure_ascii=False, indent=1) + "\n"
