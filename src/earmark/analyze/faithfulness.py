"""Whether the seconds that a method shows are the seconds that count.

splice      some seconds of a clip of genre B, by another artist, in a clip of genre A: where is B? The place is known.
            Beside the first token and the ranks of all (ROC AUC), what would be shown is compared (overlap, F1).
planted     synthetic pieces whose style shows itself in a known span alone, there as loud as elsewhere: where is it?
curves      how fast the answer goes when the tokens that a method names first are filled with the mean spectrum
            (deletion), and how fast it comes when they are all there is (insertion; Petsiuk et al. 2018, arXiv
            1806.07421). Curves alone can rank methods the wrong way (Bolaños et al. 2025, arXiv 2506.04391).
randomised  a method that says the same of a network with random weights does not speak of the network (Adebayo et al.
            2018, arXiv 1810.03292).
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from earmark.analyze.explanations import Scores, shown_tokens
from earmark.analyze.filling import log_probability, logits_filled
from earmark.analyze.material import Heard, Material, Network, runner
from earmark.measure.binary import roc_auc
from earmark.sound.mel import FLOOR_DB, under_maximum
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES

if TYPE_CHECKING:
    from torch import nn

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Progress = Callable[[int], None]

SPLICE_TOKENS = 4  # 5.9 s
SHARES = (0.1, 0.2, 0.3, 0.5, 0.7)  # of the tokens filled or shown


@dataclass(frozen=True, eq=False)
class Located:
    """How well a method finds known tokens, (n,) each.

    `hits` says whether its first token is one, `areas` is the ROC AUC. Of the tokens that would be shown by it
    `overlaps` is the intersection with the known ones over the union, `f1` the harmonic mean of precision and recall,
    token by token, and `shown` their number.
    """

    hits: Bools
    areas: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    f1: NDArray[np.float64]
    shown: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Splices:
    """Windows with something of another genre in them.

    `db` (n, 128, frames); `inside` (n, tokens) where it is; `targets` (n,) its genre; `rows` (n,) the clip around it,
    `guests` (n,) the clip it is of, both by their place in the material.
    """

    db: Floats
    inside: Bools
    targets: NDArray[np.int64]
    rows: NDArray[np.int64]
    guests: NDArray[np.int64]


def located(scores: NDArray[np.float64], inside: Bools) -> Located:
    """Scores and known tokens, both (n, tokens); every row has some of both kinds."""
    first = scores.argmax(axis=1)
    areas = [roc_auc(row, known) for row, known in zip(scores, inside, strict=True)]
    marked = shown_tokens(scores)
    both, count = (marked & inside).sum(axis=1), marked.sum(axis=1)
    f1 = 2 * both / (count + inside.sum(axis=1))
    overlaps = both / (marked | inside).sum(axis=1)
    return Located(inside[np.arange(len(inside)), first], np.array(areas), overlaps, f1, count)


def splices(
    material: Material, rows: NDArray[np.int64], heard: Heard, count: int, rng: np.random.Generator
) -> Splices | None:
    """Put seconds of one clip into another, at the level of what was there.

    Parameters
    ----------
    material:
        The clips.
    rows:
        Clips that the network never heard.
    heard:
        What it says of those. The guest is a clip whose genre it hears: it can only find what it knows.
    count:
        How many are made.
    rng:
        Draws both clips and both places.

    Returns
    -------
    None where no two clips are of different genres by different artists.
    """
    labels = material.labels[rows]
    known = np.flatnonzero(heard.logits.argmax(axis=1) == labels)
    artists = np.array([material.artists[row] for row in rows])
    pairs = [
        (host, guest)
        for host in range(len(rows))
        for guest in known
        if labels[host] != labels[guest] and artists[host] != artists[guest]
    ]
    if not pairs:
        return None
    tokens = material.db.shape[2] // TOKEN_FRAMES
    chosen = np.array(pairs)[rng.choice(len(pairs), size=min(count, len(pairs)), replace=False)]
    made, inside = [], np.zeros((len(chosen), tokens), dtype=bool)
    for number, (host, guest) in enumerate(chosen):
        to, from_ = rng.integers(tokens - SPLICE_TOKENS + 1, size=2)
        made.append(_spliced(material.db[rows[host]], material.db[rows[guest]], int(to), int(from_)))
        inside[number, to : to + SPLICE_TOKENS] = True
    return Splices(np.stack(made), inside, labels[chosen[:, 1]], rows[chosen[:, 0]], rows[chosen[:, 1]])


def _spliced(host: Floats, guest: Floats, to: int, from_: int) -> Floats:
    """Tokens of `guest` from `from_` on in the place of those of `host` from `to` on, as loud as they were."""
    here = slice(to * TOKEN_FRAMES, (to + SPLICE_TOKENS) * TOKEN_FRAMES)
    part = guest[:, from_ * TOKEN_FRAMES : (from_ + SPLICE_TOKENS) * TOKEN_FRAMES]
    made = host.copy()
    made[:, here] = _as_loud(part, host[:, here])
    return under_maximum(made)


def _as_loud(part: Floats, other: Floats) -> Floats:
    """A spectrogram (128, frames) with the mean power of another: loudness must not give away what is sought."""
    level: Floats = np.maximum(part + np.float32(_loudness(other) - _loudness(part)), np.float32(FLOOR_DB))
    return level


def _loudness(db: Floats) -> float:
    return float(10 * np.log10(np.power(10, db / 10).mean()))


@dataclass(frozen=True, eq=False)
class Planted:
    """Windows of which it is known where their genre shows itself.

    `db` (n, 128, frames) with these seconds as loud as the others, `inside` (n, tokens) the tokens of which more than
    half lie in them.
    """

    db: Floats
    inside: Bools


def planted(material: Material) -> Planted | None:
    """The clips of columns `motif_start_s` and `motif_end_s`; None where they are missing, or say nothing of a clip."""
    try:
        spans = [tuple(float(clip.columns[f"motif_{end}_s"]) for end in ("start", "end")) for clip in material.clips]
    except (KeyError, ValueError):
        return None
    middles_s = (np.arange(material.db.shape[2]) + 0.5) * FRAME_S
    frames = np.array([(start <= middles_s) & (middles_s < end) for start, end in spans])
    inside = frames.reshape(len(frames), -1, TOKEN_FRAMES).mean(axis=2) > 0.5
    if not (inside.any(axis=1) & ~inside.all(axis=1)).all():
        return None
    made = material.db.copy()
    for db, here in zip(made, frames, strict=True):
        db[:, here] = _as_loud(db[:, here], db[:, ~here])
    return Planted(np.stack([under_maximum(db) for db in made]), inside)


@dataclass(frozen=True, eq=False)
class Curves:
    """Probability of the explained genre by method, (n, shares) each, and with nothing and with all filled, (n,)."""

    deletion: dict[str, NDArray[np.float64]]
    insertion: dict[str, NDArray[np.float64]]
    whole: NDArray[np.float64]
    empty: NDArray[np.float64]


def curves(
    network: Network,
    db: Floats,
    targets: NDArray[np.int64],
    scores: Scores,
    *,
    filler: Floats,
    heard: Heard,
    progress: Progress = lambda windows: None,
) -> Curves:
    """Fill what each method names first, and then all but that; windows as in `explain`."""
    tokens = db.shape[2] // TOKEN_FRAMES
    counts = [round(share * tokens) for share in SHARES]

    def probability(marked: Bools) -> NDArray[np.float64]:
        logits = logits_filled(network, db, heard.vectors, marked, filler)
        progress(len(db))
        return np.asarray(np.exp(log_probability(logits, targets)))

    deletion, insertion = {}, {}
    for name, each in scores.items():
        rank = (-each).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
        deletion[name] = np.stack([probability(rank < count) for count in counts], axis=1)
        insertion[name] = np.stack([probability(rank >= count) for count in counts], axis=1)
    whole = np.exp(log_probability(heard.logits, targets))
    return Curves(deletion, insertion, np.asarray(whole), probability(np.ones((len(db), tokens), dtype=bool)))


def randomised(network: Network, seed: int) -> list[tuple[str, Network]]:
    """The network with ever more random weights, from the answer down to the CNN; empty where there is no module."""
    import torch

    if network.module is None:
        return []
    net = copy.deepcopy(network.module)
    torch.manual_seed(seed)
    made = []
    for stage, parts in net.stages().items():
        if not parts:
            continue
        for part in parts:
            part.apply(_draw_again)
        kept = copy.deepcopy(net)
        made.append((stage, Network(f"{network.name}, random from {stage}", "", network.genres, runner(kept), kept)))
    return made


def _draw_again(module: "nn.Module") -> None:
    """New weights for a layer, as it had them at birth; what a kernel machine knows is dealt out anew."""
    import torch

    from earmark.models.kernel import KernelHead

    if isinstance(module, KernelHead):
        with torch.no_grad():
            module.weights.copy_(module.weights[torch.randperm(len(module.weights))])
    elif isinstance(module, torch.nn.Linear | torch.nn.Conv2d | torch.nn.LayerNorm | torch.nn.BatchNorm2d):
        module.reset_parameters()


def pieces(rows: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """At most so many of the rows, drawn at random, in order."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, size=most, replace=False))
