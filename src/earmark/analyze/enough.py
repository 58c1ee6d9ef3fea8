"""The fewest seconds that are enough for an answer, and the fewest without which it falls.

Tokens are taken in the order in which a method names them. `enough` hears the first one alone, then the first two,
until the network's answer is that of the whole window; `needed` takes them away one by one until it is not. Alone
means cut out: the tokens that are left stand side by side as a shorter window under its own maximum, as a track of
that length would be heard, and nothing is filled in. So a method that names any tokens of a steady piece does well in
the first, and none does in the second: both are told beside the controls.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.analyze.explanations import METHODS, RANDOM, Costly
from earmark.analyze.material import WINDOWS_AT_ONCE, Material, Network
from earmark.analyze.reading import Reading, mean_with_interval
from earmark.analyze.trust import explained_answers
from earmark.listen.loudness import only
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES

Figures = dict[str, Any]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Progress = Callable[[int], None]

CLIPS = 100  # over all networks of a reading
FEW_S = 6.0  # a few seconds
TOKEN_S = TOKEN_FRAMES * FRAME_S


def enough(
    network: Network, db: Floats, answers: Ints, scores: NDArray[np.float64], progress: Progress = lambda windows: None
) -> Ints:
    """The fewest tokens on which alone the answer is kept, (n,).

    Parameters
    ----------
    network:
        Whose answer is asked for.
    db:
        (n, 128, frames) dB.
    answers:
        (n,) what it says of the whole windows.
    scores:
        (n, tokens) by which tokens are taken, the highest first.
    progress:
        Told of windows that were heard.
    """
    return _fewest(network, db, answers, _ranks(scores), taken_away=False, progress=progress)


def needed(
    network: Network, db: Floats, answers: Ints, scores: NDArray[np.float64], progress: Progress = lambda windows: None
) -> Ints:
    """The fewest tokens without which the answer is another, (n,); all of them where it never is. As `enough`."""
    return _fewest(network, db, answers, _ranks(scores), taken_away=True, progress=progress)


def _ranks(scores: NDArray[np.float64]) -> Ints:
    return (-scores).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")


def _fewest(network: Network, db: Floats, answers: Ints, ranks: Ints, *, taken_away: bool, progress: Progress) -> Ints:
    tokens = ranks.shape[1]
    found = np.full(len(db), tokens)
    open_rows = np.arange(len(db))
    for count in range(1, tokens):
        if not len(open_rows):
            break
        named = ranks[open_rows] < count
        said = _answers(network, db[open_rows], ~named if taken_away else named)
        progress(len(open_rows))
        done = (said == answers[open_rows]) != taken_away
        found[open_rows[done]] = count
        open_rows = open_rows[~done]
    return found


def _answers(network: Network, db: Floats, kept: NDArray[np.bool_]) -> Ints:
    """What a network says of the tokens that are kept alone, as many in each window."""
    cut = np.stack([only(window, row, token_frames=TOKEN_FRAMES) for window, row in zip(db, kept, strict=True)])
    parts = [cut[start : start + WINDOWS_AT_ONCE] for start in range(0, len(cut), WINDOWS_AT_ONCE)]
    return np.concatenate([network.run(part).logits.argmax(axis=1) for part in parts])


def fewest_seconds(
    reading: Reading,
    material: Material,
    *,
    rng: np.random.Generator,
    progress: Progress,
    costly: Sequence[Costly] = (),
) -> Figures:
    """For each method how many seconds are enough and how many are needed, of clips that the network never heard."""
    found: dict[str, dict[str, list[Ints]]] = {}
    artists: list[str] = []
    for part in explained_answers(reading, material, CLIPS, rng=rng, progress=progress, costly=costly):
        artists += [material.artists[row] for row in part.rows]
        for name, scores in part.scores.items():
            kinds = found.setdefault(name, {"enough": [], "needed": []})
            kinds["enough"].append(enough(part.network, part.db, part.answers, scores, progress))
            kinds["needed"].append(needed(part.network, part.db, part.answers, scores, progress))
    tokens = material.db.shape[2] // TOKEN_FRAMES
    counts = {
        name: {kind: np.concatenate(parts) for kind, parts in found[name].items()}
        for name in METHODS
        if name in found and sum(map(len, found[name]["enough"])) == len(artists)
    }
    rows_ = [
        {
            "method": name,
            **_figures("enough", counts[name]["enough"], counts[RANDOM]["enough"], tokens, artists, rng),
            **_figures("needed", counts[name]["needed"], counts[RANDOM]["needed"], tokens, artists, rng),
        }
        for name in counts
    ]
    seconds = [count * TOKEN_S for count in range(1, tokens + 1)]
    return {"n": len(artists), "artists": len(set(artists)), "few_s": FEW_S, "seconds": seconds, "methods": rows_}


def _figures(
    kind: str, counts: Ints, by_chance: Ints, tokens: int, artists: Sequence[str], rng: np.random.Generator
) -> Figures:
    """Mean and median seconds, how often they are few, how many fewer than by chance, and how they are distributed."""
    seconds = counts * TOKEN_S
    return {
        f"{kind}_s": mean_with_interval(seconds, artists, rng) | {"median": float(np.median(seconds))},
        f"{kind}_few": mean_with_interval(seconds <= FEW_S, artists, rng),
        f"{kind}_s_below_random": mean_with_interval((by_chance - counts) * TOKEN_S, artists, rng),
        f"{kind}_within": [mean_with_interval(counts <= most, artists, rng) for most in range(1, tokens + 1)],
    }
